#include "cli/feed.h"

#include "base/text.h"
#include "cli/accepts.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using net::Method;

constexpr std::uint64_t warning_list_bytes_max = 32u << 20;  // as the node takes

void add_texts(model::JsonWriter& body, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  body.key(name);
  body.begin_array();
  for (const auto& text : texts)
    for (const auto part : split(text, ',')) body.value(part);
  body.end_array();
}

Done add_number(model::JsonWriter& body,
                std::string_view member,
                const Arguments& arguments,
                std::string_view option) {
  const auto text = arguments.one(option);
  if (text.empty()) return {};
  const auto number = as_number<std::int64_t>(text);
  if (!number) return fail(ErrorCode::invalid, "{}: '{}' is no number", option, excerpt(text));
  body.member(member, *number);
  return {};
}

Result<std::string> create_body(const Arguments& arguments) {
  model::JsonWriter body;
  body.begin_object();
  body.member("name", arguments.one("NAME"));
  body.member("format", arguments.one("--format", "plain"));
  add_texts(body, "kinds", arguments.all("--kind"));
  add_texts(body, "labels", arguments.all("--label"));
  add_texts(body, "trust", arguments.all("--trust"));
  if (const auto tlp = arguments.one("--tlp"); !tlp.empty()) body.member("tlp_max", tlp);
  if (const auto circle = arguments.one("--circle"); !circle.empty()) body.member("circle", circle);
  TRY(add_number(body, "confidence_min", arguments, "--confidence"));
  TRY(add_number(body, "hold_above", arguments, "--hold-above"));
  body.end_object();
  return std::move(body).text();
}

Exit run_create(const Arguments& arguments) {
  const auto body = create_body(arguments);
  if (!body) {
    fmt::print(stderr, "shieldwall: {}\n", body.error().message);
    return Exit::usage;
  }
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, "/api/v1/controls", *body); },
      [](const Json& answer) {
        print_line(fmt::format("feed {}: {} values", text_of(answer, "name"), number_of(answer, "values")));
        print_line(fmt::format("address  {}", text_of(answer, "address")));
        print_line(
            fmt::format("token    {}   (shown once; send it as X-Feed-Token)", text_of(answer, "token")));
      });
}

void show_one(const Json& feed) {
  print_line(fmt::format("{:<16} {:<16} {:>8} values  serial {}  {}",
                         text_of(feed, "name"),
                         text_of(feed, "format"),
                         number_of(feed, "values"),
                         number_of(feed, "serial"),
                         text_of(feed, "address")));
  if (const auto held = feed.find("held"))
    print_line(
        fmt::format("  held since {}: {} would come, {} would go; look, then `shieldwall feed release {}`",
                    text_of(*held, "since"),
                    number_of(*held, "come"),
                    number_of(*held, "gone"),
                    text_of(feed, "name")));
}

Exit run_list(const Arguments& arguments) {
  return on_node(
      arguments,
      [](NodeDoor& door) { return door.ask(Method::get, "/api/v1/controls"); },
      [](const Json& answer) {
        if (const auto feeds = answer.find("controls"))
          for (const auto feed : *feeds) show_one(feed);
      });
}

std::string path_of(const Arguments& arguments) {
  return fmt::format("/api/v1/controls/{}", net::percent_encode(arguments.one("NAME")));
}

Exit run_show(const Arguments& arguments) {
  return on_node(
      arguments, [&](NodeDoor& door) { return door.ask(Method::get, path_of(arguments)); }, show_one);
}

Exit run_release(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, path_of(arguments) + "/release"); },
      show_one);
}

void show_why(const Json& answer) {
  if (const auto feeds = answer.find("controls"))
    for (const auto one : *feeds)
      print_line(fmt::format("{}: {} since {}, from {} by {}; {}",
                             text_of(one, "control"),
                             text_of(one, "action"),
                             text_of(one, "since"),
                             text_of(one, "from"),
                             text_of(one, "indicator"),
                             one.find("fetched") ? fmt::format("first fetched {}", text_of(one, "fetched"))
                                                 : std::string("not fetched yet")));
  if (const auto absent = answer.find("absent"))
    for (const auto one : *absent) {
      print_line(fmt::format("{}: not in it", text_of(one, "control")));
      if (const auto reasons = one.find("reasons"))
        for (const auto reason : *reasons) print_line(fmt::format("  {}", reason.string()));
    }
}

Exit run_why(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::get,
                        "/api/v1/control-values?value=" + net::percent_encode(arguments.one("VALUE")));
      },
      show_why);
}

Exit run_unblock(const Arguments& arguments) {
  model::JsonWriter body;
  body.begin_object();
  body.member("value", arguments.one("VALUE"));
  if (const auto why = arguments.one("--why"); !why.empty()) body.member("why", why);
  if (arguments.has("--false-positive")) body.member("false_positive", true);
  body.end_object();
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, "/api/v1/never-block", body.text()); },
      [](const Json& answer) {
        print_line(fmt::format("{} is not given to any control any more", text_of(answer, "value")));
        if (answer.find("told")) print_line(fmt::format("{} originators told", number_of(answer, "told")));
        if (const auto others = answer.find("not_told"))
          for (const auto one : *others) print_line(fmt::format("  not told: {}", one.string()));
      });
}

Exit run_block(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::delete_,
                        "/api/v1/never-block?value=" + net::percent_encode(arguments.one("VALUE")));
      },
      [](const Json&) { print_line("it may be blocked again, where an indicator says so"); });
}

Exit run_warn(const Arguments& arguments) {
  auto list = read_named_file(arguments.one("FILE"), warning_list_bytes_max);
  if (!list) return report_input(list.error());
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, "/api/v1/warning-lists", *list); },
      [](const Json& answer) {
        print_line(fmt::format("warning list '{}': {} values in force, {} entries are none",
                               text_of(answer, "name"),
                               number_of(answer, "values"),
                               number_of(answer, "unused")));
      });
}

constexpr Option create_options[] = {
    dir_option,
    as_option,
    json_option,
    {"--format", "plain (default), rpz, nftables, suricata, suricata-dataset, zeek"},
    {"--kind",
     "kinds of values: ipv4, domain, url, sha256, ...; default: all that the format can say",
     Takes::each,
     false,
     accepts::value_kind},
    {"--tlp",
     "at most so marked: clear, green, amber (default), amber+strict",
     Takes::one,
     false,
     accepts::tlp},
    {"--confidence", "at least so sure, 0 to 100; default: 0", Takes::one, false, accepts::number},
    {"--circle", "from one circle alone"},
    {"--label", "with any of these STIX labels", Takes::each},
    {"--trust",
     "organisation whose indicators block at once, or `all`; others but your own are told to watch, not to "
     "block",
     Takes::each},
    {"--hold-above",
     "a change of more values waits for `feed release`; default: 1000",
     Takes::one,
     false,
     accepts::number},
    {"NAME", "letters a-z, digits and '_'", Takes::one, true},
};
constexpr Option list_options[] = {dir_option, as_option, json_option};
constexpr Option name_options[] = {
    dir_option, as_option, json_option, {"NAME", "name or id", Takes::one, true}};
constexpr Option value_options[] = {
    dir_option, as_option, json_option, {"VALUE", "in any spelling", Takes::one, true}};
constexpr Option unblock_options[] = {
    dir_option,
    as_option,
    json_option,
    {"--why", "for those who ask `feed why`"},
    {"--false-positive", "also tell whoever shared it, by a STIX opinion", Takes::nothing},
    {"VALUE", "in any spelling", Takes::one, true},
};
constexpr Option warn_options[] = {dir_option,
                                   as_option,
                                   json_option,
                                   {"FILE", "JSON with name, type and list, as MISP's", Takes::one, true}};

}  // namespace

std::span<const Command> feed_commands() {
  static const Command rows[] = {
      {.words = "feed create",
       .summary = "make a feed that a firewall, resolver or sensor fetches",
       .text = "Makes a feed of the values in indicators that the organisation may see. Prints its address "
               "and its "
               "token, which is shown once. What may not be blocked is left out whoever says so: private and "
               "reserved "
               "networks, public suffixes, the own list (`feed unblock`), warning lists (`feed warn`), "
               "indicators under "
               "PAP:AMBER (watched only), PAP:RED or of an exercise.",
       .options = create_options,
       .example = "shieldwall feed create --dir node --format rpz resolver",
       .run = run_create},
      {.words = "feed list",
       .summary = "list the feeds",
       .text = "Lists the feeds and what is held back in each.",
       .options = list_options,
       .example = "shieldwall feed list --dir node",
       .run = run_list},
      {.words = "feed show",
       .summary = "show one feed",
       .text = "Shows one feed and what is held back in it.",
       .options = name_options,
       .example = "shieldwall feed show --dir node resolver",
       .run = run_show},
      {.words = "feed release",
       .summary = "let a change pass that was held",
       .text = "A change of more values than the feed's --hold-above waits for a person. This lets it pass.",
       .options = name_options,
       .example = "shieldwall feed release --dir node resolver",
       .run = run_release},
      {.words = "feed why",
       .summary = "say why a value is given to controls, or not",
       .text = "Says which feeds hold the value, since when, by which indicator, from whom, and when a "
               "control fetched "
               "it first; and why the other feeds do not.",
       .options = value_options,
       .example = "shieldwall feed why --dir node update.example.net",
       .run = run_why},
      {.words = "feed unblock",
       .summary = "never block a value here",
       .text = "Takes the value out of every feed at once and keeps it out, whoever shares it. With "
               "--false-positive "
               "whoever shared it is told.",
       .options = unblock_options,
       .example = "shieldwall feed unblock --dir node --why 'our own mail' mail.example.org",
       .run = run_unblock},
      {.words = "feed block",
       .summary = "let a value be blocked again",
       .text = "Takes the value off the list of those that are never blocked.",
       .options = value_options,
       .example = "shieldwall feed block --dir node mail.example.org",
       .run = run_block},
      {.words = "feed warn",
       .summary = "keep a warning list",
       .text = "Keeps a list of values that are never blocked, in the form of MISP's warning lists.",
       .options = warn_options,
       .example = "shieldwall feed warn --dir node samples/feed/warninglist.json",
       .run = run_warn},
  };
  return rows;
}

}  // namespace shieldwall::cli
