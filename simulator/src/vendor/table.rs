//! Which makers' stations have which habits, as far as it is known. Each habit names its quirk;
//! where a quirk was seen without the maker's name, `unnamed` has it.

use rpc::Version;

use super::Habit;
use Habit as H;

/// The stations of a maker.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// The name on the command line and in scenario files.
    pub name: &'static str,
    /// As in BootNotification.
    pub maker: &'static str,
    /// As in BootNotification.
    pub model: &'static str,
    /// The versions it speaks.
    pub versions: &'static [Version],
    /// How it deviates.
    pub habits: &'static [Habit],
}

const V16: &[Version] = &[Version::V16];
const BOTH: &[Version] = &Version::ALL;

const fn vendor(
    name: &'static str,
    maker: &'static str,
    model: &'static str,
    versions: &'static [Version],
    habits: &'static [Habit],
) -> Vendor {
    Vendor {
        name,
        maker,
        model,
        versions,
        habits,
    }
}

/// All of them, by name.
#[rustfmt::skip]
pub const VENDORS: &[Vendor] = &[
    vendor("abb", "ABB", "Terra AC", V16, &[H::RebootsWhenAskedAll]),
    vendor("alfen", "Alfen BV", "Eve Single Pro-line", V16, &[H::UnknownContext, H::HugeTransactionId]),
    vendor("delta", "Delta", "AC MAX", V16, &[H::StopIdZero]),
    vendor("en-plus", "EN+", "AC Wallbox", V16, &[H::ExtraSegment, H::LostClock, H::StartOnlyPlugged]),
    vendor("everest", "EVerest", "libocpp", V16, &[H::StopIdMinusOne]),
    vendor("foxess", "FoxESS", "A Series", V16, &[H::SeveralSubprotocols, H::StaysAway]),
    vendor("foxess-201", "FoxESS", "A Series", V16, &[H::OtherSubprotocol]),
    vendor("grizzl-e", "United Chargers", "Grizzl-E Smart", V16, &[H::NoSubprotocol, H::BrokenJson, H::IgnoresMaxProfile]),
    vendor("growatt", "Growatt", "THOR", V16, &[H::ObjectInData, H::NoZone]),
    vendor("huawei", "Huawei", "FusionCharge", V16, &[H::PowerUnit]),
    vendor("keba", "Keba AG", "KeContact P30", V16, &[H::AvailableBeforeStop, H::SumOnZero, H::TagWithSerial, H::BlocksCard]),
    vendor("keba-padded", "Keba AG", "KeContact P30", V16, &[H::AvailableBeforeStop, H::SumOnZero, H::PaddedTag]),
    vendor("microocpp", "MicroOcpp", "Simulator", V16, &[H::RepeatsStart, H::LostClock, H::StopIdMinusOne]),
    vendor("monta-emulator", "Monta", "Emulator", V16, &[H::ShortOffset]),
    vendor("ocular", "Ocular", "LTE Plus", V16, &[H::NeedsPing, H::ValuesAfterStop, H::OverreadTag]),
    vendor("schneider", "Schneider Electric", "EVlink", V16, &[H::WrongPhases]),
    vendor("setec", "SETEC", "DC", V16, &[H::ExtraSegment]),
    vendor("smartevse", "SmartEVSE", "3", V16, &[H::ReversedTag]),
    vendor("teison", "Teison", "Smart", V16, &[H::ExtraSegment, H::StaysAway]),
    vendor("unnamed", "Somebody", "Charger", BOTH, &[
        H::TrailingSlash, H::LowerCaseId, H::EmptyFrames, H::NullPayload, H::NullOptionals,
        H::WholeAsFloat, H::EvseZero, H::NoTransactionId, H::UnknownErrorCode, H::ReadsZOnly,
    ]),
    vendor("unnamed-settings", "Somebody", "Charger", V16, &[
        H::IgnoresKeyFilter, H::ListInBrackets, H::RejectsConnectorZero,
    ]),
    vendor("unnamed-units", "Somebody", "Charger", V16, &[
        // Numbers become texts before texts become numbers.
        H::NumbersAsText, H::NumericValue, H::EmptyValue, H::UnknownUnit, H::BothCelsius,
        H::NumericSettings, H::OtherSpelling, H::LongValues, H::StopIdNull, H::NoAuthorize,
    ]),
    vendor("vestel", "Vestel", "EVC04", V16, &[H::EmptySamples]),
    vendor("webasto", "Webasto", "Unite", V16, &[H::FreeTag]),
    vendor("zj-beny", "ZJ Beny", "BCP", V16, &[H::BrokenJson]),
];

/// A maker by name.
///
/// # Errors
/// With the names there are, when it is none of them.
pub fn find(name: &str) -> Result<&'static Vendor, String> {
    VENDORS
        .iter()
        .find(|vendor| vendor.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = VENDORS.iter().map(|vendor| vendor.name).collect();
            format!("`{name}` is none of {}", names.join(", "))
        })
}
