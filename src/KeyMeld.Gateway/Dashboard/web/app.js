import { showEnclaves } from './enclaves.js';
import { showFacts } from './facts.js';
import { showFailures } from './failures.js';
import { follow } from './feed.js';
import { setClock, tick } from './format.js';
import { showHour } from './hour.js';
import { token } from './session.js';
import { headlineOf, showStatus } from './status.js';
import { bindTheme } from './theme.js';
import { showWork } from './work.js';

const $ = name => document.getElementById(name);
const state = {};
let feed = null;
let announced = '';

const sections = [
  { needs: ['gateway', 'enclaves', 'signings', 'groups', 'last_hour', 'failures'], show: () => showStatus($('headline'), state) },
  { needs: ['enclaves'], show: () => showEnclaves($('enclaves'), state.enclaves) },
  { needs: ['signings', 'groups'], show: () => showWork($('work'), state) },
  { needs: ['last_hour', 'gateway'], show: () => showHour($('hour'), state.last_hour, state.gateway) },
  { needs: ['failures'], show: () => showFailures($('failures'), state.failures) },
  { needs: ['gateway'], show: () => showFacts($('gateway'), state.gateway) },
];

function render(changed) {
  for (const section of sections) {
    if (section.needs.some(name => changed.includes(name))) {
      section.show();
    }
  }
  // Only the verdict is read out, and only when it is another one.
  const headline = headlineOf(state).title;
  document.title = `${headline} · KeyMeld`;
  if (headline !== announced) {
    announced = headline;
    $('announce').textContent = headline;
  }
}

function place(name) {
  for (const other of ['sign-in', 'absent', 'board']) {
    $(other).hidden = other !== name;
  }
  $('sections').hidden = name !== 'board';
  $('sign-out').hidden = name !== 'board' || !token.get();
}

function live(word, text) {
  $('live').dataset.state = word;
  $('live-text').textContent = text;
}

function askForToken(error) {
  place('sign-in');
  live('off', 'Signed out');
  document.title = 'Sign in · KeyMeld';
  $('token-error').textContent = error;
  $('token').toggleAttribute('aria-invalid', error !== '');
  $('token').focus();
}

function connect() {
  feed?.stop();
  const sent = token.get();
  live('connecting', 'Connecting');
  feed = follow(sent, {
    opened: () => live('live', 'Live'),
    event: (name, data) => {
      if (name === 'overview') {
        setClock(data.now);
        place('board');
      }
      Object.assign(state, data);
      render(Object.keys(data));
    },
    lost: status => {
      if (status === 401) {
        token.forget();
        askForToken(sent ? 'The gateway did not accept this token. Check it and try again.' : '');
      } else if (status === 404) {
        place('absent');
        live('off', 'Off');
      } else {
        live('lost', 'Reconnecting');
      }
    },
  });
}

$('sign-in-form').addEventListener('submit', event => {
  event.preventDefault();
  const value = $('token').value.trim();
  if (value === '') {
    askForToken('Enter the operator token.');
    return;
  }
  $('token').value = '';
  token.set(value);
  connect();
});

$('sign-out').addEventListener('click', () => {
  feed?.stop();
  token.forget();
  Object.keys(state).forEach(name => delete state[name]);
  // What was shown was the operator's: it leaves the page with the token.
  [...$('board').children].forEach(section => section.replaceChildren());
  askForToken('');
});

bindTheme($('theme'));
setInterval(() => tick($('board')), 1000);
new ResizeObserver(() => state.last_hour && render(['last_hour'])).observe($('main'));
connect();
