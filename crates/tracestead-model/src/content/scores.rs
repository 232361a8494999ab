//! Judgements: evaluations of models, annotations of people.

use crate::conventions::genai;
use crate::facts::reader::Reader;
use crate::{Attributes, Value};

use super::Score;
use super::flattened::Flattened;

/// Reads the judgements a span carries: of itself, of the span it links to, of its trace or session.
pub(super) fn scores(reader: &Reader<'_>, flattened: &Flattened<'_>) -> Vec<Score> {
    let mut scores = Vec::new();
    for scope in ["span", "trace", "session"] {
        for (list, item) in [("evaluations", "evaluation"), ("annotations", "annotation")] {
            let prefix = if scope == "span" { list.to_owned() } else { format!("{scope}.{list}") };
            scores.extend(flattened.list(&prefix).iter().map(|entry| flat_score(&entry.under(item), scope)));
        }
    }
    if genai::is_evaluation(reader) {
        scores.push(genai_score(reader.source.attributes));
    }
    let events = reader.source.events.iter().filter(|event| event.name == genai::EVALUATION_EVENT);
    scores.extend(events.map(|event| genai_score(&event.attributes)));
    scores
}

fn flat_score(item: &Flattened<'_>, scope: &'static str) -> Score {
    let text = |key: &str| item.text(key).map(str::to_owned);
    Score {
        scope,
        name: text("name").unwrap_or_default(),
        value: item.value("score").and_then(Value::as_f64),
        label: text("label"),
        explanation: text("explanation"),
        source: text("annotator_kind"),
        identifier: text("identifier"),
    }
}

fn genai_score(attributes: &Attributes) -> Score {
    let text = |key: &str| attributes.text(key).map(str::to_owned);
    Score {
        scope: "span",
        name: text(genai::EVALUATION_NAME).unwrap_or_default(),
        value: attributes.get("gen_ai.evaluation.score.value").and_then(Value::as_f64),
        label: text("gen_ai.evaluation.score.label"),
        explanation: text("gen_ai.evaluation.explanation"),
        source: None,
        identifier: text("gen_ai.evaluation.id"),
    }
}
