import { CHAT_APPS, CLIENTS, type Client } from "./clients.ts";
import { home as texts } from "./i18n/home.ts";
import type { Language } from "./language.ts";
import { Copyable, Notice, Section, Words } from "./parts.tsx";

interface Place {
  lang: Language;
  origin: string;
}

/** The setting that each client needs, with this deployment's address in it. Folds need no JavaScript. */
export function ClientSettings({ lang, origin }: Place) {
  const t = texts[lang];
  return (
    <Section id="clients" title={t.clientsTitle} lead={t.clientsLead}>
      <div class="card clients">
        {CLIENTS.map((client, index) => (
          <Settings lang={lang} origin={origin} client={client} isOpen={index === 0} />
        ))}
        <details class="fold" name="client">
          <summary>
            <h3 class="fold__name">{t.chatApps}</h3>
            <span class="fold__aside">Cherry Studio, Chatbox, LobeChat, NextChat, Open WebUI</span>
          </summary>
          <div class="fold__body">
            <ChatApps lang={lang} origin={origin} />
          </div>
        </details>
      </div>
      <Notice tone="plain" title={t.ownKeyMode}>
        <p>
          <Words text={t.ownKeyModeText} />
        </p>
      </Notice>
    </Section>
  );
}

function Settings({ lang, origin, client, isOpen }: Place & { client: Client; isOpen: boolean }) {
  return (
    <details class="fold" name="client" id={client.id} open={isOpen}>
      <summary>
        <h3 class="fold__name">{client.name}</h3>
        <span class="fold__aside mono">{client.base(origin)}</span>
      </summary>
      <div class="fold__body stack">
        {client.blocks.map((block) => (
          <Copyable lang={lang} text={block(origin)} label={client.name} block />
        ))}
        {client.id === "gemini-cli" ? (
          <p class="soft small">
            <Words text={texts[lang].geminiCliNote} />
          </p>
        ) : null}
      </div>
    </details>
  );
}

function ChatApps({ lang, origin }: Place) {
  return (
    <ul class="apps">
      {CHAT_APPS[lang].map(({ app, where, field, value }) => (
        <li>
          <p class="apps__name">{app}</p>
          <p class="soft small">{where}</p>
          <p class="small">{field}</p>
          <Copyable lang={lang} text={value(origin)} label={`${app}: ${field}`} />
        </li>
      ))}
    </ul>
  );
}
