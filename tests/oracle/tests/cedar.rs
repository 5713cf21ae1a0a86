//! Our engine and Cedar say the same.

use std::collections::BTreeMap;

use authz::{Request, Usage, decide};
use keywatt_oracle::cedar::Cedar;
use keywatt_oracle::random::Random;
use keywatt_oracle::world::{NOW, Question, World};
use model::Action;

#[test]
fn the_engine_and_cedar_agree_over_random_worlds() {
    let (mut asked, mut allowed) = (0_u32, 0_u32);
    let mut by_action: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    // `stop_own` is about transactions in progress, of which Cedar is told nothing.
    let actions: Vec<Action> = Action::ALL
        .iter()
        .copied()
        .filter(|action| *action != Action::StopOwn)
        .collect();
    let hours = jiff::SignedDuration::from_hours;
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let world = World::random(&mut random);
        let (directory, usage) = (world.directory(), Usage::default());
        let cedar = Cedar::new(&world).unwrap();
        let nodes: Vec<_> = world.above.keys().copied().collect();
        for _ in 0..1500 {
            let question = Question {
                person: random.pick(&world.people).id,
                action: random.pick(&actions),
                node: random.pick(&nodes),
                at: NOW + hours([-25, -24, -1, 0, 1, 24, 25][random.below(7)]),
            };
            let request = Request::person(question.person, None, question.action, question.node);
            let ours = decide(&request, &directory, &usage, question.at).allows();
            let theirs = cedar.allows(&question).unwrap();
            assert_eq!(ours, theirs, "seed {seed}: {question:?}\n{world:#?}");
            asked += 1;
            allowed += u32::from(ours);
            by_action.entry(question.action.name()).or_default()[usize::from(ours)] += 1;
        }
    }
    println!("{asked} asked, {allowed} allowed");
    // Agreement over questions that are all refused would show nothing.
    assert!(allowed > asked / 20, "{allowed} of {asked} allowed");
    for (action, [refused, allowed]) in by_action {
        assert!(
            refused > 0 && allowed > 0,
            "{action}: {refused} refused, {allowed} allowed"
        );
    }
}
