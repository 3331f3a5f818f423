import { myKey as texts } from "./i18n/my-key.ts";
import type { Language } from "./language.ts";
import { Button, Field, Section, TableBox } from "./parts.tsx";

/** The check of several keys; public/assets/verify-keys.js brings it to life. */
export function VerifyKeys({ lang }: { lang: Language }) {
  const t = texts[lang];
  return (
    <Section id="verify" title={t.verifyTitle} lead={t.verifyLead}>
      <form class="card" data-verify-form hidden method="dialog">
        <Field id="keys" label={t.verifyLabel} hint={t.verifyHint}>
          <textarea
            class="textarea textarea--mono is-masked"
            id="keys"
            rows={5}
            autocomplete="off"
            autocapitalize="off"
            autocorrect="off"
            spellcheck={false}
            maxlength={60_000}
            aria-describedby="keys-hint verify-message"
          ></textarea>
        </Field>
        <div class="row form-row">
          <Button type="submit" icon="check" data-verify-start>
            {t.verify}
          </Button>
          <Button kind="quiet" icon="cross" hidden data-verify-stop>
            {t.stop}
          </Button>
          <Button kind="quiet" data-keys-show={t.show} data-keys-hide={t.hide}>
            {t.show}
          </Button>
        </div>
        <p class="form-message" id="verify-message" role="status" data-verify-message></p>
        <div class="stack" data-verify-result hidden>
          <progress aria-label={t.progress} data-verify-progress max={1} value={0}></progress>
          <TableBox label={t.finding}>
            <table class="table">
              <thead>
                <tr>
                  <th scope="col" class="is-number is-index">
                    #
                  </th>
                  <th scope="col">{t.key}</th>
                  <th scope="col">{t.finding}</th>
                </tr>
              </thead>
              <tbody data-verify-rows></tbody>
            </table>
          </TableBox>
        </div>
      </form>
    </Section>
  );
}
