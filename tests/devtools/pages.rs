//! What people see: both themes, a phone, a pointer, paper.

use super::{Browser, Screen};
use crate::report_fake::{FakeArm, chains, everything, make, many};
use crate::{chromium, page};
use serde_json::{Value, json};
use std::path::PathBuf;

const DESK: Screen = Screen {
    width: 1280,
    height: 900,
    dark: false,
};

const PHONE: Screen = Screen {
    width: 390,
    height: 844,
    dark: false,
};

const DARK: [bool; 2] = [false, true];

/// What scrolls sideways by itself may be wide, nothing else.
const WIDE: &str = "(() => {
    const width = document.documentElement.clientWidth;
    const stays = (element) => !element.closest('.scroll, pre, .u-wrap');
    const wide = [...document.querySelectorAll('body *')].filter(stays).filter((element) => element.getBoundingClientRect().right > width + 1);
    return [width, ...wide.map((element) => element.outerHTML.slice(0, 80))];
})()";

/// Left, top, width and height of every part of the page, by name.
const PARTS: &str = "[...document.querySelectorAll('header, section')].map((part) => {
    const { left, top, width, height } = part.getBoundingClientRect();
    return [part.id || 'answer', [0, top + scrollY - 10, innerWidth, height + 20]];
})";

/// A folder that `target` keeps, for people.
fn pictures() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let folder = target.parent().expect("target").join("report-screenshots");
    std::fs::create_dir_all(&folder).expect("folder");
    folder
}

#[test]
fn in_both_themes_and_on_a_phone_every_part_is_drawn_and_nothing_complains() {
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    let folder = pictures();
    for fake in [everything(), many(), chains()] {
        let html = page(&fake);
        for dark in DARK {
            for screen in [DESK, PHONE] {
                browser.show(&html, Screen { dark, ..screen });
                assert_eq!(browser.js(WIDE), json!([screen.width]));
                assert_eq!(browser.complaints(), [""; 0]);
                let theme = if dark { "dark" } else { "light" };
                for part in browser.js(PARTS).as_array().expect("parts") {
                    let name = part[0].as_str().expect("a name");
                    let name = format!("{}-{theme}-{}-{name}.png", fake.record.name, screen.width);
                    browser.picture(&part[1], &folder.join(name));
                }
            }
        }
    }
    println!("pictures of every part: {}", folder.display());
}

#[test]
fn a_phone_shows_the_difference_beside_zero_at_first_and_the_arm_above_all_else() {
    const FIRST: &str = "(() => {
        const row = [...document.querySelectorAll('#comparison tbody tr')].find((row) => row.querySelector('.zero'));
        const right = (selector) => row.querySelector(selector).getBoundingClientRect().right;
        return ['.zero', '.whisker', '.pair .number'].map((part) => right(part) <= 390);
    })()";
    const STAYS: &str = "['comparison', 'effects', 'changes'].map((id) => {
        const scroll = document.querySelector(`#${id} .scroll`);
        scroll.scrollLeft = 120;
        return [...scroll.querySelectorAll('th:first-child')].slice(0, 3).every((cell) => {
            cell.scrollIntoView({ block: 'center', behavior: 'instant' });
            const { top, height } = cell.getBoundingClientRect();
            return [4, 60, 130].every((x) => cell.contains(document.elementFromPoint(x, top + height / 2)));
        });
    })";
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    browser.show(&page(&everything()), PHONE);
    assert_eq!(browser.js(FIRST), json!([true, true, true]));
    assert_eq!(browser.js(STAYS), json!([true, true, true]));
}

/// Oracle: WCAG 2.2, 1.4.3, and what a screen reader needs to tell regions apart.
#[test]
fn small_words_have_contrast_and_landmarks_names_of_their_own() {
    const CONTRAST: &str = "(() => {
        const shine = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((x) => x / 255)
            .map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4).reduce((sum, x, at) => sum + x * [0.2126, 0.7152, 0.0722][at], 0);
        const ground = shine(getComputedStyle(document.body).backgroundColor);
        return Math.min(...[...document.querySelectorAll('.ends, small, .caption, thead th')].map((element) => {
            const { color, opacity } = getComputedStyle(element);
            const [high, low] = [shine(color), ground].sort((a, b) => b - a);
            return opacity * (high + 0.05) / (low + 0.05);
        }));
    })()";
    const TWICE: &str = "(() => {
        const name = (element) => element.getAttribute('aria-label') ?? document.getElementById(element.getAttribute('aria-labelledby')).textContent;
        const names = [...document.querySelectorAll('section, nav, [role=region]')].map(name);
        return names.filter((name, at) => names.indexOf(name) < at);
    })()";
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    for dark in DARK {
        browser.show(&page(&everything()), Screen { dark, ..DESK });
        let contrast = browser.js(CONTRAST).as_f64().expect("a contrast");
        assert!(contrast >= 4.5, "{contrast}");
    }
    assert_eq!(browser.js(TWICE), json!([]));
}

#[test]
fn the_fields_of_an_arm_stand_below_each_other_beside_a_narrow_name() {
    const LOOK: &str = "(() => {
        const lefts = [...document.querySelectorAll('#changes code')].map((field) => Math.round(field.getBoundingClientRect().left));
        const name = document.querySelector('#changes tbody th').getBoundingClientRect().width;
        return [new Set(lefts).size, lefts.length > 8, name < document.body.clientWidth / 3];
    })()";
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    browser.show(&page(&many()), DESK);
    assert_eq!(browser.js(LOOK), json!([1, true, true]));
}

#[test]
fn a_pointer_reads_zooms_and_comes_back() {
    const FIELD: &str = "(() => {
        byId('chart').scrollIntoView({ block: 'center', behavior: 'instant' });
        const { left, top, width, height } = document.querySelector('#chart .u-over').getBoundingClientRect();
        return [left, top, width, height];
    })()";
    const EPOCHS: &str = "[byId('curve-from').valueAsNumber, byId('curve-to').valueAsNumber]";
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    browser.show(&page(&everything()), DESK);
    let field = browser.js(FIELD);
    let at = |share: f64| {
        let side = |at: usize| field[at].as_f64().expect("a length");
        [side(0) + share * side(2), side(1) + 0.5 * side(3)]
    };
    let told = |browser: &mut Browser| browser.js("byId('cursor-epoch').textContent");
    assert_eq!(told(&mut browser), "test.bce after epoch 20");
    browser.pointer("mouseMoved", at(0.5), 0);
    let hovered = told(&mut browser);
    assert!(
        ["test.bce after epoch 10", "test.bce after epoch 11"]
            .contains(&hovered.as_str().unwrap_or("")),
        "{hovered}"
    );
    assert_eq!(browser.js(EPOCHS), json!([1, 20]));
    browser.pointer("mousePressed", at(0.25), 1);
    browser.pointer("mouseMoved", at(0.4), 0);
    browser.pointer("mouseMoved", at(0.6), 0);
    browser.pointer("mouseReleased", at(0.6), 1);
    browser.js("new Promise((done) => setTimeout(done, 300))");
    let zoomed = browser.js(EPOCHS);
    let [from, to] = [0, 1].map(|end| zoomed[end].as_f64().unwrap_or(f64::NAN));
    assert!(
        (5.0..8.0).contains(&from) && (11.0..14.0).contains(&to),
        "{zoomed}"
    );
    for clicks in [1, 2] {
        browser.pointer("mousePressed", at(0.5), clicks);
        browser.pointer("mouseReleased", at(0.5), clicks);
    }
    browser.js("new Promise((done) => setTimeout(done, 300))");
    assert_eq!(browser.js(EPOCHS), json!([1, 20]));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn arms_of_a_cost_are_told_without_a_pointer_and_by_a_tap() {
    const ENTRIES: &str = "[...byId('pareto-legend').children].map((entry) => entry.querySelector('.name').textContent)";
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    browser.show(&page(&everything()), PHONE);
    let entries = browser.js(ENTRIES);
    assert_eq!(entries.as_array().map(Vec::len), Some(9), "every arm");
    browser.js("byId('pareto-legend').children[3].click()");
    let told = browser.js(
        "[byId('pareto-cursor').textContent, document.querySelector('.told .name').textContent]",
    );
    let starts = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.starts_with(entries[3].as_str().expect("a name")))
    };
    assert!(starts(&told[0]) && starts(&told[1]), "{told}");
}

#[test]
fn what_every_arm_was_given_stays_in_sight_and_arms_are_chosen() {
    const LOOK: &str = "(() => {
        const figures = [...document.querySelectorAll('[data-gallery=picture]')];
        figures[4].scrollIntoView({ block: 'start', behavior: 'instant' });
        const held = byId('picture-gallery').querySelector('.held').getBoundingClientRect();
        const box = byId('picture-arms').querySelector('input');
        box.click();
        return [Math.round(held.top), held.bottom < innerHeight / 2, figures[0].hidden, figures[1].hidden];
    })()";
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    for screen in [DESK, PHONE] {
        browser.show(&page(&everything()), screen);
        assert_eq!(browser.js(LOOK), json!([0, true, true, false]));
    }
}

#[test]
fn a_chain_goes_from_noise_to_image_under_a_slider() {
    const LOOK: &str = "(() => {
        const image = document.querySelector('[data-frames=chain]');
        const before = image.src;
        byId('chain-step').value = 0;
        byId('chain-step').dispatchEvent(new Event('input', { bubbles: true }));
        return [image.src !== before, byId('chain-shown').textContent, image.alt.endsWith('1 of 10')];
    })()";
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    browser.show(&page(&chains()), DESK);
    assert_eq!(browser.js(LOOK), json!([true, "1 of 10", true]));
}

#[test]
fn the_page_prints() {
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    browser.show(&page(&everything()), Screen { dark: true, ..DESK });
    let paper = browser.paper();
    assert!(
        paper.starts_with(b"%PDF") && paper.len() > 20_000,
        "{} bytes",
        paper.len()
    );
    std::fs::write(pictures().join("everything.pdf"), paper).expect("paper");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Measured is the work of the page's own thread, so that it counts nothing of what else the machine does.
#[test]
fn a_page_of_two_hundred_trials_opens_within_two_seconds() {
    let Some(program) = chromium() else { return };
    let mut browser = Browser::open(&program);
    let arms: Vec<FakeArm> = (0..25_u32)
        .map(|arm| FakeArm {
            axes: vec![if arm == 0 {
                "[]".into()
            } else {
                format!("[{arm}]")
            }],
            level: 0.16 - 0.001 * f64::from(arm),
            params: 10_000 + 100 * u64::from(arm),
        })
        .collect();
    let html = page(&make(&["model.skip.at"], &arms, 8));
    browser.show("<p>", DESK);
    let before = browser.worked();
    browser.show(&html, DESK);
    let worked = browser.worked() - before;
    let loaded =
        browser.js("Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)");
    println!(
        "200 trials: {worked:.2} s of the page's thread; load event after {loaded} ms by the clock"
    );
    assert!(worked > 0.0 && worked < 2.0, "{worked} s");
}
