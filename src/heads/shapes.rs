//! Names and shapes of the tensors of heads with more than one map.

/// The classifier's maps with ReLU.
pub(super) const HIDDEN: usize = 2;

pub(super) const CONCEPTS: &str = "head.concepts";
pub(super) const GATE: &str = "head.gate";
pub(super) const SHARES: &str = "head.shares";

/// Names and shapes of a concept head's tensors, but weight and bias.
pub(super) fn of_concepts(concepts: usize, width: usize) -> Vec<(String, Vec<usize>)> {
    let mut shapes = linear(CONCEPTS, concepts, width);
    shapes.extend(linear(GATE, concepts, width));
    shapes
}

/// Names and shapes of a head over all layers, but weight and bias.
pub(super) fn of_layers(
    layers: usize,
    token_width: usize,
    width: usize,
    projections: usize,
) -> Vec<(String, Vec<usize>)> {
    let input = |index| if index == 0 { token_width } else { width };
    let mut shapes: Vec<_> =
        (0..projections).flat_map(|index| linear(&before(index), width, input(index))).collect();
    shapes.push((SHARES.to_owned(), vec![layers, width]));
    shapes.extend((0..projections).flat_map(|index| linear(&after(index), width, width)));
    shapes.extend((0..HIDDEN).flat_map(|index| linear(&hidden(index), width, width)));
    shapes
}

pub(super) fn before(index: usize) -> String {
    format!("head.before.{index}")
}

pub(super) fn after(index: usize) -> String {
    format!("head.after.{index}")
}

pub(super) fn hidden(index: usize) -> String {
    format!("head.hidden.{index}")
}

fn linear(name: &str, output: usize, input: usize) -> Vec<(String, Vec<usize>)> {
    vec![(format!("{name}.weight"), vec![output, input]), (format!("{name}.bias"), vec![output])]
}
