//! The layers, held up: which crate and which module may import which, and that no two modules
//! import each other.
//!
//! The tables below are the architecture. Whoever needs a new arrow adds it here, where a reviewer
//! sees it; an arrow that nobody uses any more fails, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use syn::visit::Visit;

/// A package and those of the workspace that it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("crc32fast", &[]),
    ("clipsight", &[]),
    ("clipsight-codecs", &["clipsight"]),
    ("clipsight-measure", &["clipsight"]),
    ("clipsight-verify", &[]),
    ("clipsight-reference", &["clipsight"]),
    (
        "clipsight-native",
        &["clipsight", "clipsight-codecs", "clipsight-measure", "clipsight-reference"],
    ),
    ("clipsight-schema", &["clipsight", "clipsight-native", "clipsight-verify"]),
    ("clipsight-import", &["clipsight", "clipsight-native", "clipsight-reference"]),
    (
        "clipsight-lab",
        &[
            "clipsight",
            "clipsight-import",
            "clipsight-measure",
            "clipsight-native",
            "clipsight-reference",
        ],
    ),
    (
        "clipsight-cli",
        &[
            "clipsight",
            "clipsight-import",
            "clipsight-lab",
            "clipsight-measure",
            "clipsight-native",
            "clipsight-reference",
            "clipsight-verify",
        ],
    ),
];

/// Dependencies from outside that only some packages may have.
const RESERVED: &[(&str, &[&str])] = &[
    // Training and the definition; never what browsers or `clipsight scan` run.
    ("burn", &["clipsight-reference", "clipsight-lab"]),
    // The boundary to browsers.
    ("wasm-bindgen", &["clipsight"]),
    // What the boundary says, as types of others; in nothing that ships.
    ("schemars", &["clipsight", "clipsight-schema", "clipsight-verify"]),
    // Signatures and certificates: a hundred crates that the core does without.
    ("c2pa", &["clipsight-verify"]),
    // The one command that uses the network.
    ("ureq", &["clipsight-cli"]),
    ("clap", &["clipsight-cli"]),
];

/// A package's modules, and which of the others each may import: only ones above it.
type Layers = &'static [(&'static str, &'static [&'static str])];

const CORE: Layers = &[
    ("limits", &[]),
    ("error", &[]),
    ("rng", &[]),
    ("simd", &[]),
    ("image", &["error", "limits", "simd"]),
    ("provenance", &["error", "image", "limits"]),
    ("clip", &["error"]),
    ("weights", &["clip", "error", "limits", "rng"]),
    ("engine", &["clip", "error", "simd", "weights"]),
    ("heads", &["clip", "error", "image", "limits", "weights"]),
    ("calibration", &["error", "limits", "weights"]),
    ("teach", &["error", "limits", "rng", "weights"]),
    (
        "model",
        &[
            "calibration",
            "clip",
            "engine",
            "error",
            "heads",
            "image",
            "limits",
            "provenance",
            "teach",
            "weights",
        ],
    ),
    ("web", &["engine", "error", "image", "limits", "model", "provenance", "teach", "weights"]),
];

const MEASURE: Layers = &[
    ("metrics", &[]),
    ("sequential", &[]),
    ("fit", &["sequential"]),
    ("figures", &["metrics"]),
    ("curves", &["figures", "metrics"]),
    ("operating", &["figures", "metrics"]),
    ("confounds", &["figures", "fit", "metrics"]),
    ("folder", &["confounds", "curves", "figures", "operating"]),
];

const LAB: Layers = &[
    ("perturb", &[]),
    ("dataset", &[]),
    ("report", &["dataset"]),
    ("features", &["dataset", "perturb"]),
    ("train", &[]),
    ("eval", &["dataset", "features", "perturb", "report", "train"]),
    ("recipe", &["dataset", "features", "perturb", "report", "train"]),
    ("study", &["dataset", "features", "recipe", "report", "train"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn crates_depend_on_what_is_below_them() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages.iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, CRATES.iter().map(|(name, _)| *name).collect(), "a package is not listed");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        // Tests may look wherever they like.
        let depends = |dependency: &&serde_json::Value| dependency["kind"] != "dev";
        let found: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(depends)
            .map(|dependency| dependency["name"].as_str().unwrap())
            .collect();
        let place = CRATES.iter().position(|(known, _)| *known == name).unwrap();
        let below = CRATES[..place].iter().map(|(name, _)| *name).collect::<BTreeSet<_>>();
        // Of crc32fast's name there is one outside, too: whoever asks for it gets ours.
        let inside = |name: &&&str| names.contains(**name) && **name != "crc32fast";
        let ours: BTreeSet<&str> = found.iter().filter(inside).copied().collect();
        let allowed: BTreeSet<&str> = CRATES[place].1.iter().copied().collect();
        assert!(allowed.is_subset(&below), "{name} is allowed what stands below it in the table");
        assert_eq!(ours, allowed, "what {name} depends on is not what the table says");
        for (reserved, users) in RESERVED {
            let allowed = !found.contains(reserved) || users.contains(&name);
            assert!(allowed, "{name} must not depend on {reserved}");
        }
    }
}

#[test]
fn modules_import_what_is_below_them() {
    let mut wrong = Vec::new();
    for (folder, layers) in [
        ("src", CORE),
        ("crates/clipsight-measure/src", MEASURE),
        ("crates/clipsight-lab/src", LAB),
    ] {
        let found = Graph::of(&root().join(folder)).between_children(&[]);
        let listed: BTreeSet<&str> = layers.iter().map(|(name, _)| *name).collect();
        let modules: BTreeSet<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(modules, listed, "the modules of {folder} are not those of the table");
        for (place, (name, allowed)) in layers.iter().enumerate() {
            let below: BTreeSet<&str> = layers[..place].iter().map(|(name, _)| *name).collect();
            let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
            assert!(allowed.is_subset(&below), "{folder}: {name} is allowed what stands below it");
            let imports: BTreeSet<&str> = found[*name].iter().map(String::as_str).collect();
            let new: Vec<_> = imports.difference(&allowed).collect();
            let unused: Vec<_> = allowed.difference(&imports).collect();
            if !(new.is_empty() && unused.is_empty()) {
                wrong.push(format!("{folder}/{name} imports {new:?} and no longer {unused:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "not what the table says:\n{}", wrong.join("\n"));
}

#[test]
fn no_two_modules_import_each_other() {
    let mut circles = Vec::new();
    for folder in [
        "src",
        "crates/clipsight-schema/src",
        "crates/clipsight-reference/src",
        "crates/clipsight-measure/src",
        "crates/clipsight-native/src",
        "crates/clipsight-import/src",
        "crates/clipsight-verify/src",
        "crates/clipsight-lab/src",
        "crates/clipsight-cli/src",
    ] {
        let graph = Graph::of(&root().join(folder));
        for parent in graph.parents() {
            let circle = circle(&graph.between_children(&parent));
            if !circle.is_empty() {
                circles.push(format!("{folder}/{}: {}", parent.join("/"), circle.join(" -> ")));
            }
        }
    }
    assert!(circles.is_empty(), "modules that import each other:\n{}", circles.join("\n"));
}

#[test]
fn the_checks_see_a_circle_and_a_forbidden_import() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("lib.rs", "mod a;\nmod b;\nmod c;\npub use b::Thing;\n");
    write("a.rs", "use crate::Thing;\n#[cfg(test)]\nmod tests { use crate::c::Other; }\n");
    write("b.rs", "pub struct Thing;\nfn other() -> super::c::Other { crate::c::Other }\n");
    write("c.rs", "pub struct Other;\n");
    let graph = Graph::of(folder.path());
    let arrows = graph.between_children(&[]);
    let imports = |name: &str| arrows[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!((imports("a"), imports("b"), imports("c")), (vec!["b"], vec!["c"], vec![]));
    assert!(circle(&arrows).is_empty());
    write("c.rs", "pub struct Other;\nuse crate::a;\n");
    let circle = circle(&Graph::of(folder.path()).between_children(&[]));
    assert_eq!(circle.len(), 3, "{circle:?}");
}

/// Where a module stands: `["engine", "cpu"]`.
type Module = Vec<String>;

/// The modules of a package, and what each refers to.
struct Graph {
    /// Every module with the paths in it, from the package's root.
    paths: BTreeMap<Module, BTreeSet<Module>>,
    /// What a module re-exports: name -> where it comes from.
    exports: BTreeMap<Module, BTreeMap<String, Module>>,
}

impl Graph {
    fn of(folder: &Path) -> Self {
        let mut graph = Self { paths: BTreeMap::new(), exports: BTreeMap::new() };
        graph.read(folder, &mut Vec::new());
        graph
    }

    fn read(&mut self, folder: &Path, at: &mut Module) {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "tests" {
                    at.push(name);
                    self.read(&path, at);
                    at.pop();
                }
            } else if path.extension().is_some_and(|end| end == "rs") {
                let own = ["lib", "main", "mod"].contains(&name.as_str());
                let mut module = at.clone();
                module.extend((!own).then_some(name));
                let text = std::fs::read_to_string(&path).unwrap();
                let file = syn::parse_file(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let mut visitor = Visitor {
                    module: module.clone(),
                    paths: BTreeSet::new(),
                    exports: BTreeMap::new(),
                    children: children_of(&file),
                };
                visitor.visit_file(&file);
                self.exports.insert(module.clone(), visitor.exports);
                self.paths.entry(module).or_default().extend(visitor.paths);
            }
        }
    }

    /// Modules with modules in them.
    fn parents(&self) -> BTreeSet<Module> {
        self.paths
            .keys()
            .filter(|module| !module.is_empty())
            .map(|module| module[..module.len() - 1].to_vec())
            .collect()
    }

    /// The modules directly in `parent`, and which of their siblings each imports.
    fn between_children(&self, parent: &[String]) -> BTreeMap<String, BTreeSet<String>> {
        let child = |module: &Module| {
            module.starts_with(parent).then(|| module.get(parent.len()).cloned()).flatten()
        };
        let mut arrows: BTreeMap<String, BTreeSet<String>> =
            self.paths.keys().filter_map(child).map(|name| (name, BTreeSet::new())).collect();
        for (module, paths) in &self.paths {
            let Some(from) = child(module) else { continue };
            for path in paths {
                let to = child(&self.resolved(path));
                if let Some(to) = to.filter(|to| *to != from && arrows.contains_key(to)) {
                    arrows.get_mut(&from).unwrap().insert(to);
                }
            }
        }
        arrows
    }

    /// Where a path leads, through what modules on its way re-export.
    fn resolved(&self, path: &Module) -> Module {
        for length in 0..path.len() {
            let exported = self.exports.get(&path[..length]).and_then(|all| all.get(&path[length]));
            // A module of that name is itself.
            if let Some(target) = exported.filter(|_| !self.paths.contains_key(&path[..=length])) {
                return target.iter().chain(&path[length + 1..]).cloned().collect();
            }
        }
        path.clone()
    }
}

fn children_of(file: &syn::File) -> BTreeSet<String> {
    let module = |item: &syn::Item| match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    };
    file.items.iter().filter_map(module).collect()
}

/// Collects the paths of one file, but for its tests.
struct Visitor {
    module: Module,
    paths: BTreeSet<Module>,
    exports: BTreeMap<String, Module>,
    /// Modules that the file declares.
    children: BTreeSet<String>,
}

impl Visitor {
    /// A path that begins with `crate`, `self`, `super` or a module of this file, from the root.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let mut at = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                self.module.get(..self.module.len().checked_sub(ups)?)?.to_vec()
            }
            first if self.children.contains(first) => {
                return Some(self.module.iter().chain(path).cloned().collect());
            }
            _ => return None,
        };
        let is_root = |part: &&String| ["crate", "self", "super"].contains(&part.as_str());
        at.extend(path.iter().skip_while(is_root).cloned());
        Some(at)
    }

    fn add(&mut self, path: &[String]) {
        self.paths.extend(self.absolute(path));
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &mut Module) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.use_tree(&path.tree, before);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.use_tree(tree, before));
            }
            syn::UseTree::Glob(_) => self.add(before),
            syn::UseTree::Name(name) => self.used(before, &name.ident, &name.ident),
            syn::UseTree::Rename(name) => self.used(before, &name.ident, &name.rename),
        }
    }

    fn used(&mut self, before: &Module, name: &syn::Ident, here: &syn::Ident) {
        let mut path = before.clone();
        path.extend((name != "self").then(|| name.to_string()));
        self.add(&path);
        if let Some(target) = self.absolute(&path) {
            self.exports.insert(here.to_string(), target);
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.use_tree(&item.tree, &mut Vec::new());
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Module = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&parts);
        syn::visit::visit_path(self, path);
    }
}

/// Modules that import each other, one after the other; none where there is no circle.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    fn walk<'a>(
        arrows: &'a BTreeMap<String, BTreeSet<String>>,
        at: &'a str,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|seen| *seen == at) {
            return Some(way[start..].iter().map(|name| (*name).to_owned()).collect());
        }
        if !done.insert(at) {
            return None;
        }
        way.push(at);
        let found = arrows[at].iter().find_map(|next| walk(arrows, next, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    arrows
        .keys()
        .find_map(|start| walk(arrows, start, &mut Vec::new(), &mut done))
        .unwrap_or_default()
}
