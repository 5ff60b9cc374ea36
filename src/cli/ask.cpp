#include "cli/ask.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <thread>

#include "base/text.h"
#include "cli/ask_kept.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "cli/taxii_server.h"
#include "exchange/ask/client.h"
#include "exchange/ask/set.h"
#include "library/search.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using exchange::ask::Client;
using exchange::ask::Filter;
using model::Json;

constexpr std::size_t values_max = 100'000;          // of one run; ten days of questions
constexpr std::uint64_t list_bytes_max = 16u << 20;  // of a list of values
constexpr int waits_max = 600;                       // seconds, while the node makes its set of tags

struct Question {
  std::string spelled;  // canonical
  std::string written;  // as the user wrote it
};

struct Answer {
  bool held = false;
  bool may_request = false;
  std::vector<std::string> passed_to{};  // names of owners
};

// ---------------------------------------------------------------- what to ask

Result<std::string> text_of_list(const std::string& path) {
  if (path != "-") return read_named_file(path, list_bytes_max);
  std::string text;
  char piece[64 << 10];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, stdin)) > 0;) {
    text.append(piece, got);
    if (text.size() > list_bytes_max)
      return fail(ErrorCode::exhausted, "more than {} bytes of values", list_bytes_max);
  }
  return text;
}

Result<std::vector<std::string>> written_values(const Arguments& arguments) {
  auto values = arguments.all("VALUE");
  const auto path = arguments.one("--list", values.empty() ? "-" : "");
  if (path.empty()) return values;
  const auto text = TRY(text_of_list(path));
  for (const auto line : split(text, '\n'))
    if (const auto value = trimmed(line); !value.empty() && !value.starts_with('#'))
      values.emplace_back(value);
  return values;
}

/// Each value once, however often and in whatever spelling it was given.
Result<std::vector<Question>> questions_of(const Arguments& arguments) {
  const auto values = TRY(written_values(arguments));
  if (values.size() > values_max)
    return fail(ErrorCode::invalid, "{} values; at most {} at once", values.size(), values_max);
  std::map<std::string, std::string> each;
  for (const auto& written : values) {
    auto value = library::value_named(written);
    if (!value) return fail(std::move(value).error().within(excerpt(written)));
    each.try_emplace(exchange::ask::spelled(*value), written);
  }
  if (each.empty()) return fail(ErrorCode::invalid, "there is no value to ask for");
  std::vector<Question> questions;
  for (auto& [spelled, written] : each) questions.push_back({spelled, written});
  return questions;
}

// ---------------------------------------------------------------- whom

/// A member of an alliance, asked through the own node: it knows where the member is and by which key.
class MemberNet final : public net::Net {
 public:
  MemberNet(NodeDoor door, const std::string& member)
      : door_(std::move(door)), prefix_("/api/v1/members/" + net::percent_encode(member) + "/ask") {}

  using net::Net::send;
  Result<net::Response> send(const net::Url&, net::Request request, const net::SendOptions&) override {
    constexpr std::string_view asked = "/api/v1/ask";
    request.target = prefix_ + request.target.substr(asked.size());
    return door_.send(std::move(request));
  }

 private:
  NodeDoor door_;
  std::string prefix_;
};

struct Peer {
  std::unique_ptr<TaxiiServer> server;  // address, account and trust are given as for other servers
  std::unique_ptr<MemberNet> member;    // or it is a member's name
  std::unique_ptr<Client> client;
  AskKept kept;
};

bool is_member_name(const Arguments& arguments) {
  return arguments.one("--peer").find("://") == std::string::npos;
}

std::string kept_in(const Arguments& arguments) {
  auto folder = arguments.one("--keep");
  if (folder.empty() && system_fs().exists(folder_of(arguments) + "/shieldwall.toml").value_or(false))
    folder = folder_of(arguments) + "/ask";
  return folder;
}

Result<Peer> member_of(const Arguments& arguments) {
  auto door = TRY(NodeDoor::open(arguments));
  const auto path = "/api/v1/members/" + net::percent_encode(arguments.one("--peer"));
  const auto row = TRY(door.ask(net::Method::get, path));
  const std::string id(text_of(row.root(), "id"));
  auto net = std::make_unique<MemberNet>(std::move(door), id);
  const auto url = TRY(net::Url::parse("https://" + id));
  auto client = std::make_unique<Client>(*net, system_clock(), exchange::ask::ClientSettings{.node = url});
  return Peer{nullptr, std::move(net), std::move(client), AskKept(system_fs(), kept_in(arguments), id)};
}

Result<Peer> peer_of(const Arguments& arguments) {
  if (is_member_name(arguments)) return member_of(arguments);
  auto named = arguments;
  named.set("URL", {arguments.one("--peer")});
  auto server = TRY(taxii_server(named));
  const auto name = fmt::format("{} {}", server->url.origin(), server->settings.authorization);
  auto client = std::make_unique<Client>(
      *server->net,
      system_clock(),
      exchange::ask::ClientSettings{.node = server->url,
                                    .trust = server->settings.trust,
                                    .authorization = server->settings.authorization});
  return Peer{std::move(server), nullptr, std::move(client), AskKept(system_fs(), kept_in(arguments), name)};
}

Result<Filter> fetched(Peer& peer) {
  for (int waited = 0; waited < waits_max; ++waited) {
    auto filter = TRY(peer.client->filter());
    if (filter) {
      TRY(peer.kept.keep(*filter, system_clock().now()));
      return std::move(*filter);
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return fail(ErrorCode::unavailable, "the node has not made its set of tags within {} s", waits_max);
}

Result<Filter> filter_of(const Arguments& arguments, Peer& peer) {
  if (!arguments.has("--fresh"))
    if (auto kept = peer.kept.filter(system_clock().now())) return std::move(*kept);
  return fetched(peer);
}

Done check_key(const Arguments& arguments, const Filter& filter) {
  const auto expected = arguments.one("--key");
  if (expected.empty() || equal_ignoring_case(expected, to_hex(filter.key().view()))) return {};
  return fail(ErrorCode::denied,
              "the node's key of epoch {} is {}, not the one given",
              filter.epoch(),
              to_hex(filter.key().view()));
}

// ---------------------------------------------------------------- asking

Result<std::vector<Answer>> answers_from(const Arguments& arguments,
                                         Peer& peer,
                                         const Filter& filter,
                                         const std::vector<Question>& questions) {
  std::vector<std::string> values;
  for (const auto& question : questions) values.push_back(question.spelled);
  const auto tags = TRY(peer.client->tags(filter, values, system_random()));
  std::vector<Answer> answers;
  for (const auto& tag : tags) {
    const auto flags = filter.find(tag);
    Answer answer{.held = flags.has_value(),
                  .may_request = flags && (*flags & exchange::ask::may_request) != 0};
    if (answer.may_request && arguments.has("--request")) {
      auto owners = peer.client->request(filter, tag);
      if (!owners && owners.error().code != ErrorCode::not_found) return fail(owners.error());
      if (owners) answer.passed_to = std::move(*owners);
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

void print_json(const Filter& filter,
                const std::vector<Question>& questions,
                const std::vector<Answer>& answers) {
  model::JsonWriter out;
  out.begin_object();
  out.member("epoch", filter.epoch());
  out.member("key", to_hex(filter.key().view()));
  out.member("values_at_most", std::uint64_t{1} << filter.size_class());
  out.key("answers");
  out.begin_array();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    out.begin_object();
    out.member("value", questions[i].spelled);
    out.member("held", answers[i].held);
    out.member("may_request", answers[i].may_request);
    out.key("passed_to");
    out.begin_array();
    for (const auto& owner : answers[i].passed_to) out.value(owner);
    out.end_array();
    out.end_object();
  }
  out.end_array();
  out.end_object();
  print_line(out.text());
}

void print_text(const std::vector<Question>& questions, const std::vector<Answer>& answers) {
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& answer = answers[i];
    std::string more;
    if (!answer.passed_to.empty())
      more = fmt::format("; passed to {}", fmt::join(answer.passed_to, ", "));
    else if (answer.may_request)
      more = "; can be asked for";
    else if (answer.held)
      more = "; its owner decides who has it";
    print_line(fmt::format("{:<8} {}{}", answer.held ? "held" : "not held", questions[i].written, more));
  }
}

std::optional<std::string> misused(const Arguments& arguments) {
  if (is_member_name(arguments)) return std::nullopt;
  auto named = arguments;
  named.set("URL", {arguments.one("--peer")});
  if (auto wrong = misused_server_options(named)) return "--peer: " + *wrong;
  return std::nullopt;
}

Result<Exit> show_keys(Peer& peer) {
  const auto keys = TRY(peer.client->keys());
  for (const auto& key : keys) print_line(fmt::format("{} {}", key.epoch, to_hex(key.key.view())));
  return Exit::done;
}

Result<Exit> ask(const Arguments& arguments) {
  auto peer = TRY(peer_of(arguments));
  if (arguments.has("--keys")) return show_keys(peer);
  const auto questions = TRY(questions_of(arguments));
  auto filter = TRY(filter_of(arguments, peer));
  TRY(check_key(arguments, filter));
  auto answers = answers_from(arguments, peer, filter, questions);
  if (!answers && answers.error().code == ErrorCode::conflict) {  // the epoch ended since the set was kept
    filter = TRY(fetched(peer));
    answers = answers_from(arguments, peer, filter, questions);
  }
  if (!answers) return fail(answers.error());
  arguments.has("--json") ? print_json(filter, questions, *answers) : print_text(questions, *answers);
  const bool any = std::ranges::any_of(*answers, &Answer::held);
  return any ? Exit::found : Exit::done;
}

Exit run_ask(const Arguments& arguments) {
  if (const auto wrong = misused(arguments)) return misuse(*wrong);
  const auto exit = ask(arguments);
  return exit ? *exit : report(exit.error());
}

// ---------------------------------------------------------------- request list

Exit run_requests(const Arguments& arguments) {
  return on_node(
      arguments,
      [](NodeDoor& door) { return door.ask(net::Method::get, "/api/v1/ask/requests"); },
      [](const Json& answer) {
        const auto requests = answer.find("requests");
        if (!requests) return;
        for (const auto one : *requests)
          print_line(fmt::format("{}  {} of {} asks for {}",
                                 text_of(one, "at").substr(0, 19),
                                 text_of(one, "name"),
                                 text_of(one, "by"),
                                 text_of(one, "value")));
        print_line(fmt::format("{} requests", requests->size()));
      });
}

constexpr Option ask_options[] = {
    {.name = "VALUE",
     .help =
         "address, domain, URL, hash ... in any spelling, or KIND:TEXT; none: one a line on standard input",
     .takes = Takes::many},
    {.name = "--peer",
     .help = "who is asked: a member of an alliance of the node in --dir by its name or id, or the URL of a "
             "node: https://cert.example:8443",
     .required = true},
    {.name = "--list", .help = "file of values, one a line; - for standard input"},
    {.name = "--request",
     .help = "ask the owners of what is held for it: they learn the value",
     .takes = Takes::nothing},
    {.name = "--fresh",
     .help = "fetch the set of tags also where one of today is kept",
     .takes = Takes::nothing},
    {.name = "--key",
     .help = "the node's key of this epoch, hexadecimal, from elsewhere; another is refused"},
    {.name = "--keys",
     .help = "print the keys the node says it answered with, by epoch",
     .takes = Takes::nothing},
    {.name = "--keep",
     .help = "folder for sets of tags and seen keys; default: DIR/ask of the node in --dir"},
    dir_option,
    server_options[1],
    server_options[2],
    server_options[3],
    server_options[4],
    server_options[5],
    json_option,
};
constexpr Option request_options[] = {dir_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"ask",
     "ask another node whether it holds a value, without telling it the value",
     "The node learns how many questions there were, and nothing of what they were; the asker learns of each "
     "whether it is held among what the asker may know of. Prints one line a value. Exit status: 0 nothing "
     "is "
     "held, 1 something is, 3 refused, or the node shows another key than before, 4 a value cannot be read, "
     "5 "
     "not reached, or the day's questions are used.",
     ask_options,
     "shieldwall ask --peer https://127.0.0.1:8443 --dir node --ca node/tls/ca.pem --user alice "
     "--password-file "
     "alice.txt www.evil.example",
     run_ask},
    {"request list",
     "what others asked the organisation for",
     "Each line: when, who, and the value that they found by a private question and want to know more of.",
     request_options,
     "shieldwall request list --dir node",
     run_requests},
};

}  // namespace

std::span<const Command> ask_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
