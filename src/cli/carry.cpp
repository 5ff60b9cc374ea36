#include "cli/carry.h"

#include <charconv>

#include "base/fs.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

constexpr std::uint64_t file_bytes_max = 22u << 20;  // what one request to the node takes, as base64

Result<model::JsonDocument> ask(NodeDoor& door, std::string path, JsonWriter body) {
  return door.ask(Method::post, std::move(path), std::move(body).text());
}

/// What is no number is none that the node would take either.
std::int64_t number_in(const std::string& text) {
  std::int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// A file that was not carried yet would be lost, and the node would not write it again by itself.
Done check_free(const std::string& path) {
  for (const auto& name : {path, path + ".1"})
    if (TRY(system_fs().exists(name)))
      return fail(ErrorCode::conflict, "{} is there already: carry it first, or give another name", name);
  return {};
}

/// Writes the answer's file where the operator wants it.
Done save(const model::JsonDocument& answer, const std::string& path) {
  const auto bytes = TRY(from_base64(text_of(answer.root(), "file")));
  return write_named_file(path, bytes);
}

Result<std::string> read_base64(const std::string& path) {
  const auto bytes = TRY(read_named_file(path, file_bytes_max));
  return to_base64(bytes);
}

Exit carry_out(const Arguments& arguments) {
  const auto path = arguments.one("FILE");
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        TRY(check_free(path));
        for (int part = 1;; ++part) {
          JsonWriter body;
          body.begin_object();
          body.member("member", arguments.one("MEMBER"));
          if (part == 1 && arguments.has("--after"))
            body.member("after", number_in(arguments.one("--after")));
          if (arguments.has("--max-bytes")) body.member("bytes", number_in(arguments.one("--max-bytes")));
          body.end_object();
          auto answer = TRY(ask(door, "/api/v1/carried/out", std::move(body)));
          const bool more = flag_of(answer.root(), "more");
          const auto name = part == 1 && !more ? path : fmt::format("{}.{}", path, part);
          TRY(save(answer, name));
          if (!arguments.has("--json"))
            print_line(fmt::format("{}  deliveries {} to {}",
                                   name,
                                   number_of(answer.root(), "first"),
                                   number_of(answer.root(), "last")));
          if (!more) return model::JsonDocument::parse("{}");
        }
      },
      [](const Json&) {});
}

Exit carry_in(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        const auto file = TRY(read_base64(arguments.one("FILE")));
        JsonWriter body;
        body.begin_object();
        body.member("file", file);
        if (arguments.has("--phrase")) body.member("phrase", arguments.one("--phrase"));
        body.end_object();
        return ask(door, "/api/v1/carried/in", std::move(body));
      },
      [](const Json& answer) {
        print_line(fmt::format("taken up to delivery {}: {} objects new, {} recalled, {} refused",
                               number_of(answer, "last"),
                               number_of(answer, "objects"),
                               number_of(answer, "recalled"),
                               number_of(answer, "refused")));
      });
}

Exit request(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        auto answer = TRY(door.ask(Method::post, "/api/v1/carried/request"));
        TRY(save(answer, arguments.one("FILE")));
        return answer;
      },
      [&](const Json&) {
        print_line(fmt::format("Bring {} to a founder's operator.", arguments.one("FILE")));
      });
}

Exit enrol(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        const auto file = TRY(read_base64(arguments.one("FILE")));
        JsonWriter body;
        body.begin_object();
        body.member("file", file);
        body.end_object();
        return ask(door,
                   fmt::format("/api/v1/alliances/{}/members", net::percent_encode(arguments.one("NAME"))),
                   std::move(body));
      },
      [](const Json& answer) {
        print_line(fmt::format("{} Tell its operator by voice, for its first `carry in`:  {}",
                               flag_of(answer, "waiting")
                                   ? "Proposed: it counts once enough founders signed (alliance pending)."
                                   : "Enrolled.",
                               text_of(answer, "phrase")));
      });
}

constexpr Option out_options[] = {
    {"MEMBER", "the member's name or id", Takes::one, true},
    {"FILE", "where to write; several are numbered FILE.1, FILE.2, ...", Takes::one, true},
    {"--after", "deliveries after this number again; default: after the last that was carried"},
    {"--max-bytes", "about how large each file may be; default 4 MiB"},
    dir_option,
    as_option,
    json_option};
constexpr Option in_options[] = {
    {"FILE", "as `carry out` wrote it on the other side", Takes::one, true},
    {"--phrase", "with the first file of a member: the words that its operator told you"},
    dir_option,
    as_option,
    json_option};
constexpr Option request_options[] = {
    {"FILE", "where to write the request", Takes::one, true}, dir_option, as_option, json_option};
constexpr Option enrol_options[] = {
    {"NAME", "the alliance's name or id", Takes::one, true},
    {"FILE", "as `alliance request` wrote it on the other side", Takes::one, true},
    dir_option,
    as_option,
    json_option};

constexpr Command commands_here[] = {
    {"alliance request",
     "ask to be enrolled, by a file",
     "For a node that no wire reaches: what it says of itself, signed by its root key.",
     request_options,
     "shieldwall alliance request request.sw --dir node",
     request},
    {"alliance enrol",
     "enrol a node by its request",
     "Puts the node into the alliance's roster, and prints the words that its operator needs for the first "
     "file.",
     enrol_options,
     "shieldwall init --dir far --organisation 'Far Island' >/dev/null; shieldwall alliance request far.sw "
     "--dir far; "
     "shieldwall alliance enrol 'Northern Shield' far.sw --dir node",
     enrol},
    {"carry out",
     "write deliveries for a member into a file",
     "Sealed to the member, signed, numbered as on the wire. One way: --after repeats what was lost on the "
     "way.",
     out_options,
     "shieldwall carry out 'Far Island' for-far.sw --dir node",
     carry_out},
    {"carry in",
     "take a file of deliveries",
     "Checks everything as if it came by wire; a missing file is named by its numbers, and nothing behind it "
     "is taken.",
     in_options,
     "shieldwall carry in for-far.sw --dir far --phrase \"$(shieldwall alliance list --json --dir node | "
     "grep -o "
     "'\"phrase\":\"[^\"]*\"' | tail -1 | cut -d'\"' -f4)\"",
     carry_in},
};

}  // namespace

std::span<const Command> carry_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
