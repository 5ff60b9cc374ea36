#include "cli/alliance_keys.h"

#include <charconv>

#include "cli/node_forms.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

std::string keys_wish(const Arguments& arguments) {
  JsonWriter out;
  out.begin_object();
  if (arguments.has("--end-overlap")) out.member("end_overlap", true);
  if (arguments.has("--organisation")) out.member("organisation_key", true);
  if (arguments.has("--lost")) out.member("lost", true);
  if (arguments.has("--tls")) out.member("tls", true);
  if (arguments.has("--overlap-days")) {
    const auto text = arguments.one("--overlap-days");
    std::int64_t length = 0;  // what is no number is refused by the node
    std::from_chars(text.data(), text.data() + text.size(), length);
    out.member("overlap_days", length);
  }
  out.end_object();
  return std::move(out).text();
}

Exit keys(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, "/api/v1/alliances/keys", keys_wish(arguments)); },
      [&](const Json&) {
        if (arguments.has("--tls"))
          print_line(
              arguments.has("--end-overlap")
                  ? "Done: `shieldwall alliance list` says which TLS key is shown."
                  : "The new TLS key is told to every alliance. Half of the overlap later this node shows "
                    "it, without a pause; at its end the old one counts no more.");
        else if (arguments.has("--end-overlap"))
          print_line("The replaced keys are forgotten.");
        else if (arguments.has("--lost") && arguments.has("--organisation"))
          print_line(
              "All keys are new, and no alliance knows them: once the founders removed this member, join "
              "by a new invitation and compare the words by voice.");
        else if (arguments.has("--lost"))
          print_line(
              "New keys are told to every alliance; the lost ones count no more. The log of a node that runs "
              "signs with the new one within seconds.");
        else
          print_line(
              "New keys are told to every alliance. The replaced ones count beside them until the overlap "
              "ends: `shieldwall alliance list` says when. Until then the node's log is signed by both.");
        if (arguments.has("--organisation") && !arguments.has("--lost"))
          print_line("The founders have to accept the organisation's key: `alliance pending` on their side.");
      });
}

Exit attest_time(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post, "/api/v1/alliances/time", body_with({{"time", arguments.one("TIME")}}));
      },
      [](const Json& answer) {
        std::string names;
        if (const auto persons = answer.find("attested_by"))
          for (const auto one : *persons) names += (names.empty() ? "" : ", ") + std::string(one.string());
        print_line(
            fmt::format("Attested by: {}. Two are needed, and count while no member is reached.", names));
      });
}

constexpr Option keys_options[] = {
    {"--organisation", "the organisation's key too; the founders have to accept it", Takes::nothing},
    {"--lost", "the present keys may be in other hands: they count no more, at once", Takes::nothing},
    {"--tls",
     "the key of the certificate shown to members, and no other; with --end-overlap its next step now",
     Takes::nothing},
    {"--overlap-days", "for how long both count; default 14"},
    {"--end-overlap", "forget the replaced keys now instead of making new ones", Takes::nothing},
    dir_option,
    as_option,
    json_option};
constexpr Option time_options[] = {
    {"TIME", "as in 2026-01-31T00:00:00Z", Takes::one, true}, dir_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"alliance keys",
     "replace this node's keys",
     "Makes new statement, witness and sealing keys and tells every alliance. For the overlap both count; "
     "what was signed before stays valid. Who lost the organisation's key is removed by the founders and "
     "joins anew.",
     keys_options,
     "shieldwall alliance keys --dir node",
     keys},
    {"alliance attest-time",
     "say what time it is, on a node that no member reaches",
     "Embargoes open when the own clock and the median of three members' clocks agree; with fewer members "
     "the own clock decides alone, and the audit log says so. While no member is reached, two named "
     "persons can say what time it is instead; it is logged, and forgotten when the node restarts. Needs a "
     "running node and --as.",
     time_options,
     "shieldwall user add olga --role operator --dir node >/dev/null; shieldwall alliance attest-time "
     "2026-01-31T12:00:00Z --as olga --dir node",
     attest_time},
};

}  // namespace

std::span<const Command> alliance_keys_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
