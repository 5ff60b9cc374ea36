// What founders of an alliance decide together: propose, look at what waits in plain words, sign.

#include "cli/proposal.h"

#include <charconv>

#include "cli/node_forms.h"
#include "cli/streams.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

constexpr std::uint64_t file_bytes_max = 22u << 20;  // what one request to the node takes, as base64

std::string joined(const Json& json, std::string_view list) {
  std::string text;
  if (const auto found = json.find(list))
    for (const auto one : *found) text += (text.empty() ? "" : ", ") + std::string(one.string());
  return text;
}

void show_proposal(const Json& proposal) {
  const auto state = text_of(proposal, "state");
  print_line(fmt::format("{}  {}  version {}  by {} at {}{}",
                         text_of(proposal, "id"),
                         text_of(proposal, "alliance"),
                         number_of(proposal, "version"),
                         text_of(proposal, "by"),
                         text_of(proposal, "at"),
                         state == "overtaken"   ? "  OVERTAKEN: another change counts; propose it anew"
                         : state == "effective" ? "  EFFECTIVE"
                                                : ""));
  if (!text_of(proposal, "reason").empty()) print_line(fmt::format("  why: {}", text_of(proposal, "reason")));
  if (const auto changes = proposal.find("changes"))
    for (const auto one : *changes) print_line(fmt::format("  - {}", one.string()));
  const auto missing = joined(proposal, "not_signed");
  print_line(fmt::format("  signed by {} ({} founders are needed){}{}",
                         joined(proposal, "signed"),
                         number_of(proposal, "founders_needed"),
                         missing.empty() ? "" : "; not by ",
                         missing));
}

void write_delegations(JsonWriter& out, std::string_view name, const std::vector<std::string>& given) {
  if (given.empty()) return;
  out.key(name);
  out.begin_array();
  for (const auto& one : given) {
    const auto equals = one.find('=');
    out.begin_object();
    out.member("nation", one.substr(0, equals));
    out.member("member", equals == std::string::npos ? "" : one.substr(equals + 1));
    out.end_object();
  }
  out.end_array();
}

std::string wish_of(const Arguments& arguments, const std::vector<std::string>& remove) {
  JsonWriter out;
  out.begin_object();
  write_texts(out, "remove", remove);
  write_texts(out, "founders", arguments.all("--founder"));
  write_texts(out, "not_founders", arguments.all("--no-founder"));
  write_delegations(out, "delegate", arguments.all("--delegate"));
  write_delegations(out, "end_delegation", arguments.all("--end-delegation"));
  if (arguments.has("--needed")) {
    const auto text = arguments.one("--needed");
    std::int64_t needed = 0;  // what is no number is refused by the node
    std::from_chars(text.data(), text.data() + text.size(), needed);
    out.member("founders_needed", needed);
  }
  if (arguments.has("--reason")) out.member("reason", arguments.one("--reason"));
  out.end_object();
  return std::move(out).text();
}

Result<model::JsonDocument> propose_in(NodeDoor& door, const std::string& alliance, std::string wish) {
  return door.ask(Method::post,
                  fmt::format("/api/v1/alliances/{}/proposals", net::percent_encode(alliance)),
                  std::move(wish));
}

Exit propose(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return propose_in(door, arguments.one("NAME"), wish_of(arguments, arguments.all("--remove")));
      },
      show_proposal);
}

/// Alliances of this node in which that organisation is a member.
Result<std::string> alliance_with(NodeDoor& door, const std::string& member) {
  const auto all = TRY(door.ask(Method::get, "/api/v1/alliances"));
  const auto list = all.root().find("alliances");
  std::vector<std::string> found;
  if (list)
    for (const auto alliance : *list)
      if (const auto members = alliance.find("members"))
        for (const auto one : *members)
          if (text_of(one, "name") == member || text_of(one, "id") == member)
            found.emplace_back(text_of(alliance, "id"));
  if (found.empty())
    return fail(ErrorCode::not_found, "'{}' is a member of no alliance of this node", member);
  if (found.size() > 1)
    return fail(ErrorCode::conflict, "'{}' is a member of several; say of which with --alliance", member);
  return found.front();
}

Exit remove(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        auto alliance = arguments.one("--alliance");
        if (alliance.empty()) alliance = TRY(alliance_with(door, arguments.one("MEMBER")));
        return propose_in(door, alliance, wish_of(arguments, {arguments.one("MEMBER")}));
      },
      show_proposal);
}

Result<model::JsonDocument> to_file(NodeDoor& door, const std::string& path) {
  auto answer = TRY(door.ask(Method::get, "/api/v1/proposals/file"));
  const auto bytes = TRY(from_base64(text_of(answer.root(), "file")));
  TRY(write_named_file(path, bytes));
  return answer;
}

Result<model::JsonDocument> from_file(NodeDoor& door, const std::string& path) {
  const auto bytes = TRY(read_named_file(path, file_bytes_max));
  JsonWriter out;
  out.begin_object();
  out.member("file", to_base64(bytes));
  out.end_object();
  TRY(door.ask(Method::post, "/api/v1/proposals/file", std::move(out).text()));
  return door.ask(Method::get, "/api/v1/proposals");
}

Exit pending(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        if (arguments.has("--out")) return to_file(door, arguments.one("--out"));
        if (arguments.has("--in")) return from_file(door, arguments.one("--in"));
        return door.ask(Method::get, "/api/v1/proposals");
      },
      [&](const Json& answer) {
        if (arguments.has("--out")) {
          print_line(
              fmt::format("{} proposals are in {}", number_of(answer, "proposals"), arguments.one("--out")));
          return;
        }
        const auto list = answer.find("proposals");
        if (list)
          for (const auto one : *list) {
            if (!arguments.has("--ids"))
              show_proposal(one);
            else if (text_of(one, "state") == "waiting" && !flag_of(one, "signed_here"))
              print_line(text_of(one, "id"));
          }
        if (!arguments.has("--ids") && (!list || list->size() == 0)) print_line("Nothing waits.");
      });
}

Exit sign(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(
            Method::post,
            fmt::format("/api/v1/proposals/{}/sign", net::percent_encode(arguments.one("PROPOSAL"))));
      },
      show_proposal);
}

constexpr Option reason_option{"--reason", "for the other founders, one line"};
constexpr Option propose_options[] = {
    {"NAME", "the alliance's name or id", Takes::one, true},
    {"--remove", "a member that goes, by name or id", Takes::each},
    {"--founder", "a member that becomes a founder", Takes::each},
    {"--no-founder", "a founder that stays a member only", Takes::each},
    {"--needed", "how many founders sign a change from then on"},
    {"--delegate", "NATION=MEMBER: that member may enrol organisations of that nation alone", Takes::each},
    {"--end-delegation", "NATION=MEMBER: not any more", Takes::each},
    reason_option,
    dir_option,
    as_option,
    json_option};
constexpr Option remove_options[] = {{"MEMBER", "the member's name or id", Takes::one, true},
                                     {"--alliance", "of which alliance; needed where it is in several"},
                                     reason_option,
                                     dir_option,
                                     as_option,
                                     json_option};
constexpr Option pending_options[] = {
    {"--ids", "only the ids of those that this organisation has not signed", Takes::nothing},
    {"--out", "write what waits into this file, for a founder without a wire"},
    {"--in", "take such a file"},
    dir_option,
    as_option,
    json_option};
constexpr Option sign_options[] = {
    {"PROPOSAL", "its id, or the beginning of it", Takes::one, true}, dir_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"alliance propose",
     "propose who belongs to an alliance, and who decides",
     "As a founder. The change travels to the other founders; it counts everywhere as soon as as many signed "
     "as the roster asks for, this organisation included. Prints what it means.",
     propose_options,
     "shieldwall alliance propose 'Northern Shield' --delegate 'EST=CERT Example' --reason 'its sector' "
     "--dir "
     "node",
     propose},
    {"alliance pending",
     "list changes that founders proposed",
     "Each with what it means, why, and who signed it. With --out and --in they travel by file.",
     pending_options,
     "shieldwall alliance pending --dir node",
     pending},
    {"alliance sign",
     "sign a proposed change",
     "As a founder, after looking at it with `alliance pending`. Exit 3 when this organisation signed "
     "another "
     "change of the same version that goes before.",
     sign_options,
     "for id in $(shieldwall alliance pending --ids --dir node); do shieldwall alliance sign $id --dir node; "
     "done",
     sign},
    {"member remove",
     "propose that a member goes",
     "As a founder. Nothing goes to it any more, and nothing it signs is taken, once enough founders signed; "
     "what it sent before stays until it is recalled or removed. `member suspend` acts at once and alone.",
     remove_options,
     "shieldwall member remove 'Far Island' --reason 'no longer operated' --dir node",
     remove},
};

}  // namespace

std::span<const Command> proposal_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
