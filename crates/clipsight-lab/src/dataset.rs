//! What recipes and studies need from a data set: classes, origins, folds, prompts.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use clipsight::weights::sha256_hex;

pub use clipsight_native::dataset::{Dataset, Entry, Label, Role};

/// The exponent of an origin's size in its weight: 1 weights every image equally, 0 every origin.
pub(crate) const ORIGIN_POWER: f64 = 0.75;

/// Parts of `fit`, disjoint by origin, each scored by a head that saw only the others.
pub(crate) const FOLDS: usize = 5;

/// Sets whose images of both classes come from the same hands: what the names of their origins
/// begin with. Content does not tell these classes apart, so what does is evidence of how they were
/// made.
pub(crate) const MATCHED_SETS: [&str; 8] =
    ["dgame", "gengap", "vprobe", "forreal", "tanita", "uman", "aia", "kurlyto"];

/// The one of the [`MATCHED_SETS`] that an origin belongs to.
pub(crate) fn matched_set(origin: &str) -> Option<&str> {
    let (set, _) = origin.split_once('-')?;
    MATCHED_SETS.contains(&set).then_some(set)
}

/// Whether an image belongs to a matched set.
pub(crate) fn is_matched(entry: &Entry) -> bool {
    matched_set(&entry.origin).is_some()
}

/// What the names of the generators of `test` begin with that stand in other roles, too, by other
/// hands: figures are given with and without them.
pub(crate) const RECURRING_FAMILY: &str = "nano-banana";

pub(crate) fn labels(entries: &[Entry]) -> Vec<f32> {
    entries.iter().map(|entry| if entry.label == Label::Ai { 1.0 } else { 0.0 }).collect()
}

pub(crate) fn origins(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.origin.as_str()).collect()
}

/// A fold for every image: origins that share a prompt stay together, and each class is spread
/// evenly, largest clusters first.
pub(crate) fn folds(entries: &[Entry]) -> Vec<usize> {
    let clusters = clusters(entries);
    let mut sizes: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for entry in entries {
        sizes.entry(clusters[entry.origin.as_str()]).or_default()
            [usize::from(entry.label == Label::Ai)] += 1;
    }
    let mut order: Vec<_> = sizes.into_iter().collect();
    order.sort_by_key(|(name, [real, generated])| (std::cmp::Reverse(real + generated), *name));
    let mut totals = [[0; FOLDS]; 2];
    let mut fold_of = BTreeMap::new();
    for (cluster, sizes) in order {
        let class = usize::from(sizes[1] > sizes[0]);
        let fold = (0..FOLDS).min_by_key(|fold| totals[class][*fold]).unwrap_or(0);
        totals[0][fold] += sizes[0];
        totals[1][fold] += sizes[1];
        fold_of.insert(cluster, fold);
    }
    entries.iter().map(|entry| fold_of[clusters[entry.origin.as_str()]]).collect()
}

/// For every origin the name of its cluster: origins with a prompt (`group`) in common, directly or
/// through others.
fn clusters(entries: &[Entry]) -> BTreeMap<&str, &str> {
    let mut cluster: BTreeMap<&str, &str> =
        entries.iter().map(|entry| (entry.origin.as_str(), entry.origin.as_str())).collect();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in entries {
        let Some(prompt) = entry.prompt() else { continue };
        let (ours, theirs) = (
            cluster[entry.origin.as_str()],
            cluster[*first.entry(prompt).or_insert(&entry.origin)],
        );
        if ours != theirs {
            cluster.values_mut().filter(|name| **name == ours).for_each(|name| *name = theirs);
        }
    }
    cluster
}

/// Which images have a prompt that no image of `fit` has: the others would flatter a model trained
/// on `fit`.
pub(crate) fn unseen_prompts(fit: &[Entry], entries: &[Entry]) -> Vec<bool> {
    let seen: BTreeSet<&str> = fit.iter().filter_map(Entry::prompt).collect();
    entries.iter().map(|entry| entry.prompt().is_none_or(|prompt| !seen.contains(prompt))).collect()
}

/// At most `count` images of every origin, in the manifest's order.
pub(crate) fn at_most(entries: Vec<Entry>, count: u32) -> Vec<Entry> {
    let mut by_origin = BTreeMap::<(&str, bool), Vec<(String, usize)>>::new();
    for entry in &entries {
        let key = (entry.origin.as_str(), entry.label == Label::Ai);
        by_origin.entry(key).or_default().push((sha256_hex(entry.file.as_bytes()), entry.row));
    }
    let mut kept = HashSet::new();
    for images in by_origin.values_mut() {
        images.sort_unstable();
        kept.extend(images.iter().take(count as usize).map(|(_, row)| *row));
    }
    entries.into_iter().filter(|entry| kept.contains(&entry.row)).collect()
}
