import type { Language } from "../../pages/language.ts";
import { Button, Field } from "../../pages/parts.tsx";
import { Csrf } from "./frame.tsx";
import { keyTexts } from "./i18n/keys.ts";
import { keysPath, readKeyQuery, type KeyQuery } from "./key-query.ts";

const STATUSES = ["active", "resting", "cooling", "retired", "withdrawn"] as const;

/** Reasons that keys are retired for: Google's, then ours. */
const REASONS = [
  "API_KEY_INVALID",
  "API_KEY_SERVICE_BLOCKED",
  "API_KEY_IP_ADDRESS_BLOCKED",
  "API_KEY_HTTP_REFERRER_BLOCKED",
  "API_KEY_ANDROID_APP_BLOCKED",
  "API_KEY_IOS_APP_BLOCKED",
  "ACCESS_TOKEN_TYPE_UNSUPPORTED",
  "CONSUMER_INVALID",
  "CONSUMER_SUSPENDED",
  "CREDENTIALS_MISSING",
  "SERVICE_DISABLED",
  "reported_as_leaked",
  "project_denied_access",
  "quota_limit_zero",
  "operator",
  "unproven",
  "rejoining",
];

/** The search goes by POST: a pasted key must not stand in an address, where logs and histories keep it. */
export function KeySearch({ lang, csrf, error }: { lang: Language; csrf: string; error: string | undefined }) {
  const t = keyTexts[lang];
  const described = error === undefined ? "q-hint" : "q-hint q-error";
  return (
    <form class="desk-search" method="post" action="/admin/keys/search" role="search">
      <Csrf token={csrf} />
      <Field id="q" label={t.search} hint={t.searchHint} error={error}>
        <div class="input-row">
          <input
            class="input input--mono"
            id="q"
            name="q"
            type="text"
            maxlength={512}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            required
            aria-describedby={described}
          />
          <Button type="submit" kind="quiet" icon="search">
            {t.searchButton}
          </Button>
        </div>
      </Field>
    </form>
  );
}

export function KeyFilters({ lang, query }: { lang: Language; query: KeyQuery }) {
  const t = keyTexts[lang];
  const { status, reason, q, sort, order } = query;
  const kept = { sort, order };
  const none = readKeyQuery(new URLSearchParams());
  const reasons = reason === undefined || REASONS.includes(reason) ? REASONS : [reason, ...REASONS];
  return (
    <div class="desk-filters">
      <nav class="desk-tabs" aria-label={t.filters}>
        <a
          class="desk-tab"
          href={keysPath({ ...none, ...kept })}
          aria-current={status === undefined ? "true" : undefined}
        >
          {t.all}
        </a>
        {STATUSES.map((one) => (
          <a
            class="desk-tab"
            href={keysPath({ ...none, ...kept, status: one })}
            title={t.statusMeaning[one]}
            aria-current={status === one ? "true" : undefined}
          >
            {t.status[one]}
          </a>
        ))}
      </nav>
      <form class="desk-reason" method="get" action="/admin/keys">
        {sort === undefined ? null : <input type="hidden" name="sort" value={sort} />}
        {order === undefined ? null : <input type="hidden" name="order" value={order} />}
        <label class="field__label" for="reason">
          {t.reason}
        </label>
        <div class="input-row">
          <select class="select" id="reason" name="reason">
            <option value="">{t.anyReason}</option>
            {reasons.map((one) => (
              <option value={one} selected={one === reason}>
                {meaningOf(one, t.reasonMeaning)}
              </option>
            ))}
          </select>
          <Button type="submit" kind="quiet">
            {t.applyFilter}
          </Button>
        </div>
      </form>
      {status === undefined && reason === undefined && q === undefined ? null : (
        <p class="row small">
          {q === undefined ? null : <strong>{t.searchFor(q)}</strong>}
          <a href={keysPath({ ...none, ...kept })}>{t.clearFilter}</a>
        </p>
      )}
    </div>
  );
}

function meaningOf(reason: string, meanings: Record<string, string>): string {
  const meaning = Object.hasOwn(meanings, reason) ? meanings[reason] : undefined;
  return meaning ?? reason;
}
