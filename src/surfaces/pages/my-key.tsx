import type { Context } from "hono";
import type { Services } from "../../services.ts";
import { myKey as texts } from "./i18n/my-key.ts";
import { JsonBlock } from "./json-block.tsx";
import { readLanguage, type Language } from "./language.ts";
import { Layout } from "./layout.tsx";
import { KeyResult, WithdrawDialog } from "./my-key-result.tsx";
import { renderPage } from "./page.tsx";
import { Button, Copyable, Field, Notice, Section } from "./parts.tsx";
import { VerifyKeys } from "./my-key-verify.tsx";

/**
 * `GET /my-key`: a form around `/key` and `/verify`. The key goes from the page's script to those routes in a header.
 * Its field has no name and its form no action: not even a browser without the script can put it into an address or
 * a body. For that browser there are the commands.
 */
export function myKey({ settings }: Services) {
  return function myKey(c: Context): Response | Promise<Response> {
    const lang = readLanguage(c);
    const t = texts[lang];
    const { origin } = new URL(c.req.url);
    const page = (
      <Layout
        lang={lang}
        title={t.title}
        description={t.description}
        path="/my-key"
        scripts={["my-key.js", "verify-keys.js"]}
        source={settings.SOURCE_URL}
      >
        <h1>{t.headline}</h1>
        <p class="lead">{t.lead}</p>
        <noscript>
          <Notice tone="warning" title={t.withoutScript}>
            <p>{t.withoutScriptText}</p>
          </Notice>
        </noscript>
        <div class="stack">
          <KeyForm lang={lang} />
          <KeyResult lang={lang} />
        </div>
        <VerifyKeys lang={lang} />
        <Terminal lang={lang} origin={origin} />
        <WithdrawDialog lang={lang} />
        <JsonBlock data={t.script} data-my-key-texts />
      </Layout>
    );
    return renderPage(c, page);
  };
}

function KeyForm({ lang }: { lang: Language }) {
  const t = texts[lang];
  return (
    <form class="card" data-key-form hidden method="dialog">
      <Field id="key" label={t.keyLabel} hint={t.keyHint}>
        <div class="input-row">
          <input
            class="input input--mono"
            id="key"
            type="password"
            autocomplete="off"
            autocapitalize="off"
            autocorrect="off"
            spellcheck={false}
            placeholder="AIza…"
            maxlength={2000}
            aria-describedby="key-hint key-message"
            data-1p-ignore
            data-lpignore="true"
            data-bwignore
          />
          <Button kind="quiet" data-key-show={t.show} data-key-hide={t.hide}>
            {t.show}
          </Button>
          <Button type="submit" icon="search">
            {t.lookUp}
          </Button>
        </div>
      </Field>
      <p class="form-message" id="key-message" role="status" data-key-message></p>
    </form>
  );
}

/** What the form does, for who has no script or trusts none. The key stands in a variable, not in the history. */
function Terminal({ lang, origin }: { lang: Language; origin: string }) {
  const t = texts[lang];
  const header = '-H "x-goog-api-key: $GEMINI_API_KEY"';
  const commands = [
    [t.terminalShow, `curl ${origin}/key ${header}`],
    [t.terminalWithdraw, `curl -X DELETE ${origin}/key ${header}`],
    [t.terminalRejoin, `curl -X POST ${origin}/key ${header}`],
    [t.terminalVerify, `curl -N ${origin}/verify --data-binary @keys.txt`],
  ] as const;
  return (
    <Section id="terminal" title={t.terminal}>
      <div class="stack">
        {commands.map(([label, command]) => (
          <div>
            <p class="field__label">{label}</p>
            <Copyable lang={lang} text={command} label={label} />
          </div>
        ))}
      </div>
    </Section>
  );
}
