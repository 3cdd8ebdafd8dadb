'use strict';
const plots = JSON.parse(document.getElementById('plots').textContent);
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ['sendDataToCloud'] };

function themed(layout) {
  const style = getComputedStyle(document.documentElement);
  const [ink, line] = ['--ink', '--line'].map((name) => style.getPropertyValue(name).trim());
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
  const themed = {
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
    margin: { l: 56, r: 12, t: layout.showlegend === false ? 12 : 44, b: 44 }, ...layout,
    font: { color: ink, family: 'system-ui, sans-serif', size: 12 },
    xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
  };
  if (layout.scene) {
    themed.margin = { l: 0, r: 0, t: 44, b: 0 };
    themed.scene = { ...layout.scene };
    for (const name of ['xaxis', 'yaxis', 'zaxis']) {
      themed.scene[name] = { ...axis, backgroundcolor: 'rgba(0,0,0,0)', ...layout.scene[name] };
    }
  }
  return themed;
}

function panels(place, figure) {
  place.classList.add('grid');
  place.replaceChildren(...figure.panels.map((panel) => {
    const cell = document.createElement('div');
    const title = document.createElement('h3');
    title.textContent = panel.title;
    cell.append(title, document.createElement('div'));
    return cell;
  }));
  figure.panels.forEach((panel, i) => {
    const layout = { ...panel.layout, height: 210, showlegend: false };
    Plotly.newPlot(place.children[i].lastChild, panel.data, themed(layout), config);
  });
}

function choice(place, figures) {
  const select = document.createElement('select');
  select.setAttribute('aria-label', 'episode');
  for (const name of Object.keys(figures)) select.add(new Option(name, name));
  const grid = document.createElement('div');
  place.replaceChildren(select, grid);
  select.addEventListener('change', () => panels(grid, figures[select.value]));
  panels(grid, figures[select.value]);
}

function draw(name, figure) {
  const place = document.getElementById('plot-' + name);
  if (figure.panels) panels(place, figure);
  else if (figure.data) Plotly.newPlot(place, figure.data, themed(figure.layout), config);
  else choice(place, figure);
}

// What is not on the screen is drawn when it comes near, so that the page opens at once.
const waiting = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    waiting.unobserve(entry.target);
    const name = entry.target.id.slice('plot-'.length);
    draw(name, plots[name]);
  }
}, { rootMargin: '400px' });
for (const name of Object.keys(plots)) waiting.observe(document.getElementById('plot-' + name));
dark.addEventListener('change', () => {
  for (const name of Object.keys(plots)) {
    if (document.getElementById('plot-' + name).childElementCount) draw(name, plots[name]);
  }
});
