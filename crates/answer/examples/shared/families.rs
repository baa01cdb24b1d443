//! Which questions belong together: those that a document links, however many lie between.
//!
//! Documents are taken out, and questions held out, by families: otherwise one question would tell the answer to another.

use std::collections::HashMap;

/// Returns the name of each one's family, given what each is linked to.
pub(crate) fn families(linked: &[(String, Vec<String>)]) -> HashMap<&str, &str> {
    let mut family: HashMap<&str, &str> = linked.iter().map(|(id, _)| (id.as_str(), id.as_str())).collect();
    loop {
        // The least name of those at each link; it spreads until nothing changes.
        let mut least: HashMap<&str, &str> = HashMap::new();
        for (id, links) in linked {
            let own = family[id.as_str()];
            for link in links {
                let of = least.entry(link).or_insert(own);
                *of = (*of).min(own);
            }
        }
        let mut changed = false;
        for (id, links) in linked {
            let best = links.iter().map(|link| least[link.as_str()]).min();
            if let Some(own) = family.get_mut(id.as_str())
                && let Some(best) = best.filter(|best| *best < *own)
            {
                *own = best;
                changed = true;
            }
        }
        if !changed {
            return family;
        }
    }
}
