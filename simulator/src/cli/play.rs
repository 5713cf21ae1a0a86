//! `simulator run FILE`.

use anyhow::Context as _;
use simulator::scenario::{self, Options, Scenario};

use super::Verdict;
use super::args::{RunArgs, read_ca};
use super::console::say;

pub(super) async fn run(args: RunArgs) -> anyhow::Result<Verdict> {
    let path = args.file.display();
    let text =
        std::fs::read_to_string(&args.file).with_context(|| format!("`{path}` cannot be read"))?;
    let scenario = Scenario::parse(&text).with_context(|| format!("`{path}` is no scenario"))?;
    let options = Options {
        url: args.url,
        ca_pem: read_ca(args.ca.as_ref())?,
    };
    say(&scenario.name);
    scenario::run(&scenario, &options, &mut |line| say(line)).await?;
    say("as expected");
    Ok(Verdict::Good)
}
