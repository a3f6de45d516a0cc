//! A smaller sample where each image costs much, without picking favourites.

use crate::dataset::{Entry, Label};

/// Whether each of the `entries` is among at most `count` that represent all: every origin of
/// either class has its share of them, rounded up or down (systematic sampling from the list sorted
/// by class, origin and row).
pub(super) fn stratified(entries: &[Entry], count: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| {
        let Entry { label, origin, row, .. } = &entries[*index];
        (*label == Label::Real, origin.as_str(), *row)
    });
    let count = count.min(entries.len());
    let mut chosen = vec![false; entries.len()];
    for place in 0..count {
        // The middle of every one of `count` equal parts of the list.
        chosen[order[(2 * place + 1) * entries.len() / (2 * count)]] = true;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use clipsight_native::dataset::Role;

    #[test]
    fn every_origin_has_its_share() {
        let entries: Vec<Entry> = (0..120)
            .map(|index| Entry {
                row: index + 1,
                file: String::new(),
                label: if index % 3 == 0 { Label::Ai } else { Label::Real },
                role: Role::Test,
                // Of either class, half of the images are of one origin and a quarter each of two
                // more.
                origin: ["a", "b", "a", "c"][index / 3 % 4].to_owned(),
                content: String::new(),
                other: std::collections::BTreeMap::new(),
            })
            .collect();
        let chosen = stratified(&entries, 24);
        let count = |label, origin: &str| {
            let of = entries.iter().zip(&chosen);
            of.filter(|(entry, chosen)| **chosen && entry.label == label && entry.origin == origin)
                .count()
        };
        let of_class = |label| ["a", "b", "c"].map(|origin| count(label, origin));
        assert_eq!((of_class(Label::Ai), of_class(Label::Real)), ([4, 2, 2], [8, 4, 4]));
        assert_eq!(chosen, stratified(&entries, 24));
        assert!(stratified(&entries, 500).iter().all(|chosen| *chosen));
        assert_eq!(stratified(&entries, 0).iter().filter(|chosen| **chosen).count(), 0);
        assert!(stratified(&[], 5).is_empty());
    }
}
