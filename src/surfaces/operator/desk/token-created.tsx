import { CLIENTS } from "../../pages/clients.ts";
import { ButtonLink, Copyable, Notice } from "../../pages/parts.tsx";
import { DeskPage, type Visitor } from "./frame.tsx";
import { tokenTexts } from "./i18n/tokens.ts";
import type { TokenRow } from "./token-form.ts";

interface CreatedPageProps extends Visitor {
  token: string;
  row: TokenRow;
  origin: string;
}

/** The only page that ever shows a token, with what a client needs to use it. */
export function CreatedPage({ token, row, origin, ...visitor }: CreatedPageProps) {
  const { lang } = visitor;
  const t = tokenTexts[lang];
  return (
    <DeskPage {...visitor} title={t.createdTitle}>
      <div class="desk-narrow stack">
        <h1>{t.createdTitle}</h1>
        <Notice tone="warning" title={row.name}>
          {t.createdText}
        </Notice>
        <Copyable lang={lang} text={token} label={t.theToken} />
        <p>
          <ButtonLink href={`/admin/tokens/${row.id}`}>{t.done}</ButtonLink>
        </p>
        <h2 class="desk-h2">{t.settingsTitle}</h2>
        <div>
          <p class="soft small desk-label">{t.geminiUrl}</p>
          <Copyable lang={lang} text={origin} label={t.geminiUrl} />
        </div>
        <div>
          <p class="soft small desk-label">{t.openaiUrl}</p>
          <Copyable lang={lang} text={`${origin}/v1`} label={t.openaiUrl} />
        </div>
        <div>
          <p class="soft small desk-label">{t.environment}</p>
          <Copyable lang={lang} text={`export GEMINI_API_KEY="${token}"`} label={t.environment} />
        </div>
        <div class="card">
          {CLIENTS.map(({ id, name, blocks }) => (
            <details class="fold" name="client">
              <summary>{name}</summary>
              <div class="fold__body stack">
                {blocks.map((block) => (
                  <Copyable
                    lang={lang}
                    label={name}
                    block
                    text={id === "gemini-cli" ? block(origin).replace("your-own-key", token) : block(origin)}
                  />
                ))}
              </div>
            </details>
          ))}
        </div>
      </div>
    </DeskPage>
  );
}
