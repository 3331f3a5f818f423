import { myKey as texts } from "./i18n/my-key.ts";
import type { Language } from "./language.ts";
import { Button, TableBox } from "./parts.tsx";

/** What public/assets/my-key.js fills in and shows. Everything in it is text to that script, never markup. */
export function KeyResult({ lang }: { lang: Language }) {
  const t = texts[lang];
  return (
    <section class="card" data-key-result hidden tabindex={-1} aria-labelledby="result-title">
      <div class="row row--spread result__head">
        <h2 id="result-title" class="result__title">
          {t.endsWith} <span class="mono" data-slot="endsWith"></span>
        </h2>
        <span class="pill" data-slot="status"></span>
      </div>
      <p data-slot="explanation"></p>
      <dl class="facts">
        <Fact label={t.uses} slot="uses" />
        <Fact label={t.contributed} slot="contributedAt" />
        <Fact label={t.lastUsed} slot="lastUsedAt" empty={t.never} />
        <Fact label={t.restingFor} slot="restingFor" />
        <Fact label={t.reason} slot="reason" mono />
      </dl>
      <div data-key-coolings hidden>
        <h3>{t.coolings}</h3>
        <p class="soft">{t.coolingsHint}</p>
        <TableBox label={t.coolings}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t.model}</th>
                <th scope="col">{t.why}</th>
                <th scope="col" class="is-number">
                  {t.timeLeft}
                </th>
              </tr>
            </thead>
            <tbody data-slot="coolings" data-over={t.over}></tbody>
          </table>
        </TableBox>
      </div>
      <div class="row result__actions">
        <Button kind="danger" icon="door" data-key-withdraw>
          {t.withdraw}
        </Button>
        <Button data-key-rejoin icon="plus">
          {t.rejoin}
        </Button>
        <Button kind="quiet" data-key-another>
          {t.another}
        </Button>
      </div>
    </section>
  );
}

interface FactProps {
  label: string;
  slot: string;
  /** Shown where there is no value; without it the row is hidden then. */
  empty?: string;
  mono?: boolean;
}

function Fact({ label, slot, empty, mono = false }: FactProps) {
  return (
    <div class="facts__row" data-fact>
      <dt>{label}</dt>
      <dd class={mono ? "mono" : undefined} data-slot={slot} data-empty={empty}></dd>
    </div>
  );
}

export function WithdrawDialog({ lang }: { lang: Language }) {
  const t = texts[lang];
  return (
    <dialog data-withdraw-dialog aria-labelledby="withdraw-title">
      <h2 id="withdraw-title">{t.dialogTitle}</h2>
      <p>{t.dialogText}</p>
      <p>{t.dialogGoOn}</p>
      <div class="row row--end">
        <Button kind="quiet" data-withdraw-cancel>
          {t.cancel}
        </Button>
        <Button data-withdraw-confirm>{t.confirm}</Button>
      </div>
    </dialog>
  );
}
