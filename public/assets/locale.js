// How this reader writes dates and numbers: the page's language, in the flavour that the browser is set to.

const { lang } = document.documentElement;
const [language] = lang.split("-", 1);

export const locale = navigator.languages.find((one) => one.split("-", 1)[0] === language) ?? lang;
