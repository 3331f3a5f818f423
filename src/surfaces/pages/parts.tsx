import type { Child, PropsWithChildren } from "hono/jsx";
import { common } from "./i18n/common.ts";
import { Icon, type IconName } from "./icons.tsx";
import type { Language } from "./language.ts";

/** What the pages are laid out of; the looks are in public/assets/potluck.css. */

export type Tone = "good" | "warning" | "bad" | "plain" | "info";
export type ButtonKind = "primary" | "quiet" | "danger";

/** Attributes that client modules look for. */
export type DataAttributes = Record<`data-${string}`, string | number | boolean | undefined>;

interface ButtonProps extends DataAttributes {
  kind?: ButtonKind;
  type?: "button" | "submit";
  icon?: IconName;
  small?: boolean;
  id?: string;
  name?: string;
  value?: string;
  hidden?: boolean;
  disabled?: boolean;
  "aria-label"?: string;
  "aria-describedby"?: string;
  children?: Child;
}

export function Button({ kind = "primary", type = "button", icon, small, children, ...rest }: ButtonProps) {
  return (
    <button type={type} class={buttonClass(kind, small)} {...rest}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

interface ButtonLinkProps {
  href: string;
  kind?: ButtonKind;
  icon?: IconName;
  small?: boolean;
  rel?: string;
  children?: Child;
}

export function ButtonLink({ href, kind = "primary", icon, small, rel, children }: ButtonLinkProps) {
  return (
    <a class={buttonClass(kind, small)} href={href} rel={rel}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </a>
  );
}

function buttonClass(kind: ButtonKind, small = false): string {
  return `button button--${kind}${small ? " button--small" : ""}`;
}

/** A text in which what stands between backticks is code. */
export function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>;
}

/** A part of a page with a heading of its own. */
export function Section({ id, title, lead, children }: PropsWithChildren<{ id: string; title: string; lead?: Child }>) {
  return (
    <section class="section" aria-labelledby={`${id}-title`} id={id}>
      <h2 id={`${id}-title`}>{title}</h2>
      {lead === undefined ? null : <p class="lead">{lead}</p>}
      {children}
    </section>
  );
}

export function Card({ title, class: more, children }: PropsWithChildren<{ title?: Child; class?: string }>) {
  return (
    <div class={more === undefined ? "card" : `card ${more}`}>
      {title === undefined ? null : <h3 class="card__title">{title}</h3>}
      {children}
    </div>
  );
}

const NOTICE_ICONS: Record<Tone, IconName> = {
  good: "check",
  warning: "warning",
  bad: "cross",
  plain: "info",
  info: "info",
};

/** Says something that must not be missed. `live`: it appears after the page did, and is read aloud. */
export function Notice({
  tone = "info",
  title,
  live = false,
  children,
}: PropsWithChildren<{ tone?: Tone; title?: string; live?: boolean }>) {
  return (
    <div class={`notice notice--${tone}`} role={live ? "status" : undefined}>
      <Icon name={NOTICE_ICONS[tone]} />
      <div class="notice__text">
        {title === undefined ? null : <p class="notice__title">{title}</p>}
        {children}
      </div>
    </div>
  );
}

/** Numbers in a row; put `<Stat>`s into it. */
export function Stats({ children }: PropsWithChildren) {
  return <dl class="stats">{children}</dl>;
}

export function Stat({ label, value, hint }: { label: string; value: Child; hint?: string }) {
  return (
    <div class="stat">
      <dt class="stat__label">{label}</dt>
      <dd class="stat__value">
        {value}
        {hint === undefined ? null : <span class="stat__hint">{hint}</span>}
      </dd>
    </div>
  );
}

/** A short state in one word or two. */
export function Pill({ tone = "plain", children }: PropsWithChildren<{ tone?: Tone }>) {
  return <span class={`pill pill--${tone}`}>{children}</span>;
}

/** A table that scrolls inside its box on narrow screens; the box can be reached and scrolled by keyboard. */
export function TableBox({ label, children }: PropsWithChildren<{ label: string }>) {
  return (
    <div class="table-box" role="region" aria-label={label} tabindex={0}>
      {children}
    </div>
  );
}

interface FieldProps {
  /** The id of the control inside. Its hint is `<id>-hint`, its error `<id>-error`, for `aria-describedby`. */
  id: string;
  label: string;
  hint?: Child;
  error?: string | undefined;
  children?: Child;
}

export function Field({ id, label, hint, error, children }: FieldProps) {
  return (
    <div class={error === undefined ? "field" : "field field--wrong"}>
      <label class="field__label" for={id}>
        {label}
      </label>
      {hint === undefined ? null : (
        <p class="field__hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children}
      {error === undefined ? null : (
        <p class="field__error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

/** Text to be copied as it stands. Without JavaScript there is no button, and the text can still be selected. */
export function Copyable({ lang, text, label, block = false }: CopyableProps) {
  const t = common[lang];
  return (
    <div class={block ? "code code--block" : "code"}>
      <pre tabindex={0} role="group" aria-label={label}>
        <code data-copy-source>{text}</code>
      </pre>
      <button
        type="button"
        class="code__copy"
        hidden
        data-copy
        data-copied={t.copied}
        data-copy-failed={t.copyFailed}
        aria-label={`${t.copy}: ${label}`}
      >
        <Icon name="copy" />
        <span data-copy-label>{t.copy}</span>
      </button>
    </div>
  );
}

interface CopyableProps {
  lang: Language;
  text: string;
  /** What the text is, for people who do not see it. */
  label: string;
  /** Several lines. */
  block?: boolean;
}
