#include "cli/log.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "cli/log_source.h"
#include "cli/streams.h"
#include "ledger/log/evidence.h"
#include "ledger/log/verify.h"
#include "ledger/receipt.h"

namespace shieldwall::cli {

namespace {

using model::JsonWriter;

constexpr std::string_view proof_head = "c2sp.org/tlog-proof@v1\n";

void print_verified(const ledger::VerifiedLog& log, bool as_json) {
  if (!as_json) {
    print("{}: {} entries lead to the root that it signed\n", log.checkpoint.origin, log.checkpoint.size);
    print("{} commitments, {} in clear; {} signatures beside the log's own\n",
          log.commitments,
          log.clear,
          log.note.signatures.size() - 1);
    return;
  }
  JsonWriter out;
  out.begin_object();
  out.member("consistent", true);
  out.member("origin", log.checkpoint.origin);
  out.member("size", log.checkpoint.size);
  out.member("root", to_base64(log.checkpoint.root.view()));
  out.member("commitments", log.commitments);
  out.member("clear", log.clear);
  out.member("cosignatures", log.note.signatures.size() - 1);
  out.end_object();
  print("{}\n", std::move(out).text());
}

Exit differs(const Error& error, bool as_json) {
  if (as_json) {
    JsonWriter out;
    out.begin_object();
    out.member("consistent", false);
    out.member("why", error.message);
    out.end_object();
    print("{}\n", std::move(out).text());
  } else {
    print("differs: {}\n", excerpt(error.message, 1000));
  }
  return Exit::found;
}

void print_receipt(const ledger::CheckedReceipt& receipt, bool as_json) {
  const auto& delivery = receipt.delivery;
  if (!as_json) {
    print("entry {} of {} is there, among the {} that it signed\n",
          receipt.index,
          receipt.checkpoint.origin,
          receipt.checkpoint.size);
    if (receipt.kind != "delivery") return;
    print("it says: at {} an answer left by the door \"{}\" to \"{}\" (account {}) of organisation {}\n",
          to_text(delivery.first),
          excerpt(delivery.door, 300),
          excerpt(delivery.name, 300),
          delivery.account.text(),
          delivery.organisation.text());
    for (const auto& version : delivery.versions)
      print("  with {}, under the label {}\n", version.id.text(), version.label.hex());
    return;
  }
  JsonWriter out;
  out.begin_object();
  out.member("consistent", true);
  out.member("origin", receipt.checkpoint.origin);
  out.member("size", receipt.checkpoint.size);
  out.member("index", receipt.index);
  out.member("kind", receipt.kind);
  if (receipt.kind == "delivery") {
    out.member("first", to_text(delivery.first));
    out.member("door", delivery.door);
    out.member("name", delivery.name);
    out.member("account", delivery.account.text());
    out.member("organisation", delivery.organisation.text());
    out.key("objects");
    out.begin_array();
    for (const auto& version : delivery.versions) out.value(version.id.text());
    out.end_array();
  }
  out.end_object();
  print("{}\n", std::move(out).text());
}

Exit verify_proof(const Arguments& arguments, const Bytes& text) {
  const auto key = log_key_of(arguments);
  if (!key) return report_input(key.error());
  const auto file = ledger::ProofFile::parse(text);
  if (!file) return report(file.error());
  const auto checked = ledger::check_receipt(*file, *key);
  if (!checked) return differs(checked.error(), arguments.has("--json"));
  print_receipt(*checked, arguments.has("--json"));
  return Exit::done;
}

Exit run_verify(const Arguments& arguments) {
  const auto where = arguments.one("WHERE");
  if (!where.empty() && !arguments.has("--key")) {
    fmt::print(stderr, "shieldwall: --key is missing: by which key is the log known?\n");
    return Exit::usage;
  }
  if (const auto text = read_named_file(where, ledger::note_bytes_max);
      !where.empty() && text && text->starts_with(proof_head))
    return verify_proof(arguments, *text);
  const auto known = log_at(arguments, where);
  if (!known) return where.empty() ? report(known.error()) : report_input(known.error());
  const auto log = ledger::verify_log(*known->source, *known->key);
  if (!log && log.error().code == ErrorCode::corrupt) return differs(log.error(), arguments.has("--json"));
  if (!log && log.error().code == ErrorCode::not_found && !where.empty())
    return differs(log.error(), arguments.has("--json"));  // a tile that the checkpoint promises
  if (!log) return report_input(log.error());
  print_verified(*log, arguments.has("--json"));
  return Exit::done;
}

Exit run_export(const Arguments& arguments) {
  const auto known = log_at(arguments, {});
  if (!known) return report(known.error());
  if (const auto done = ledger::export_log(*known->source, system_fs(), arguments.one("FOLDER")); !done)
    return report_input(done.error());
  print("{} holds the log's tiles; whoever verifies it needs its key: {}\n",
        arguments.one("FOLDER"),
        known->key->text());
  return Exit::done;
}

Exit run_key(const Arguments& arguments) {
  const auto known = log_at(arguments, {});
  if (!known) return report(known.error());
  print("{}\n", known->key->text());
  return Exit::done;
}

/// What a file that somebody brought shows, to whoever has the key of the log that it accuses.
Exit judge_file(const Arguments& arguments, const std::string& path) {
  const auto key = log_key_of(arguments);
  if (!key) return report_input(key.error());
  const auto text = read_named_file(path, 3 * ledger::note_bytes_max);
  if (!text) return report_input(text.error());
  const auto evidence = ledger::Evidence::parse(*text);
  if (!evidence) return report(evidence.error());
  const auto finding = ledger::judge(*evidence, *key);
  if (!finding) return report(finding.error());
  const auto first = ledger::Checkpoint::parse(evidence->first.text);
  const auto second = ledger::Checkpoint::parse(evidence->second.text);
  print("{} signed two histories, one with {} entries and one with {}: {}\n",
        key->name(),
        first ? first->size : 0,
        second ? second->size : 0,
        *finding == ledger::Finding::fork ? "proved, by nothing but its own signatures"
                                          : "not proved; it can clear itself by a proof of consistency");
  return Exit::found;
}

Exit run_evidence(const Arguments& arguments) {
  if (const auto path = arguments.one("FILE"); !path.empty()) {
    if (arguments.has("--key")) return judge_file(arguments, path);
    fmt::print(stderr, "shieldwall: --key is missing: by which key is the log known?\n");
    return Exit::usage;
  }
  std::size_t count = 0;
  const auto exit = on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        auto answer = TRY(door.ask(net::Method::get, "/api/v1/log/evidence"));
        if (const auto list = answer.root().find("evidence")) count = list->size();
        return answer;
      },
      [](const model::Json& answer) {
        const auto list = answer.find("evidence");
        if (!list) return;
        for (const auto file : *list) print("{}\n", file.string());
        print("{} logs or more contradicted themselves\n", list->size());
      });
  return exit == Exit::done && count > 0 ? Exit::found : exit;
}

Exit run_catch_up(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        if (const auto from = arguments.one("FOLDER"); !from.empty())
          out.member("from", std::filesystem::absolute(from).string());
        out.end_object();
        return door.ask(net::Method::post, "/api/v1/log/catch-up", std::move(out).text());
      },
      [](const model::Json& answer) {
        if (!flag_of(answer, "was_held")) {
          print("nothing to catch up: this node's log was not put back, and goes on\n");
          return;
        }
        print("the log had {} entries, and goes on with {}\n",
              number_of(answer, "before"),
              number_of(answer, "size"));
      });
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The proof files for what was named.
Result<std::vector<Bytes>> proofs_for(NodeDoor& door, const std::string& what) {
  if (is_number(what)) {
    const auto response = TRY(door.send({.target = "/api/v1/log/proofs/" + what}));
    if (response.status != 200) return fail(error_of(response));
    return std::vector<Bytes>{Bytes(response.bytes())};
  }
  const auto answer = TRY(door.ask(net::Method::get, "/api/v1/delivered/" + what + "/proofs"));
  std::vector<Bytes> proofs;
  if (const auto list = answer.root().find("proofs"))
    for (const auto proof : *list) proofs.emplace_back(proof.string());
  if (proofs.empty())
    return fail(ErrorCode::not_found, "no entry of the log names {}: it left by no door", excerpt(what));
  return proofs;
}

Exit run_prove(const Arguments& arguments) {
  auto door = NodeDoor::open(arguments);
  if (!door) return report(door.error());
  const auto proofs = proofs_for(*door, arguments.one("OBJECT"));
  if (!proofs) return report(proofs.error());
  const auto out = arguments.one("--out", "proof");
  for (std::size_t i = 0; i < proofs->size(); ++i) {
    const auto path = proofs->size() == 1 ? out : fmt::format("{}.{}", out, i + 1);
    if (const auto done = write_named_file(path, (*proofs)[i]); !done) return report_input(done.error());
    print("{}\n", path);
  }
  return Exit::done;
}

constexpr Option key_option{
    "--key",
    "the log's key as `name+hash+key`, or a file whose first line it is; of the node in "
    "--dir its own"};
constexpr Option verify_options[] = {
    {"WHERE", "URL or folder of a log, or a proof file; default: the log of the node in --dir"},
    dir_option,
    key_option,
    {"--ca", "PEM file of the authority that signed the server's certificate; else the system's"},
    {"--token-file", "file whose first line is an API token for the URL"},
    json_option,
};
constexpr Option export_options[] = {{"FOLDER", "where the tiles go", Takes::one, true}, dir_option};
constexpr Option key_options[] = {dir_option};
constexpr Option prove_options[] = {
    {"OBJECT", "an object's id, or the number of an entry", Takes::one, true},
    dir_option,
    {"--out", "file to write; several proofs get .1, .2 ...; default: proof"},
    as_option,
};

constexpr Option evidence_options[] = {
    {"FILE", "an evidence file; default: list what the node in --dir holds"},
    dir_option,
    key_option,
    json_option,
};
constexpr Option catch_up_options[] = {
    {"FOLDER", "tiles of this log that hold more of it; without: nobody has more"},
    dir_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"log verify",
     "verify a transparency log, or a proof from one",
     "Reads every entry and tile of a log and compares them with the root that its checkpoint signed; or "
     "checks a "
     "proof file without the log. Trusts nothing but the key. Exit status: 0 consistent, 1 differs (the "
     "place is "
     "named), 4 no such thing, 5 cannot be read.",
     verify_options,
     "shieldwall log verify --dir node",
     run_verify},
    {"log key",
     "print the key by which the node's log is known",
     "One line, as C2SP signed-note writes a key: give it to whoever verifies the log.",
     key_options,
     "shieldwall log key --dir node",
     run_key},
    {"log export",
     "write the node's log as a folder of tiles",
     "The folder is a log as C2SP tlog-tiles lays it out: any web server can hand it out, and `log verify` "
     "reads it.",
     export_options,
     "shieldwall log export tiles --dir node && shieldwall log verify tiles --key \"$(shieldwall log key "
     "--dir node)\"",
     run_export},
    {"log prove",
     "write a proof that needs no node to check",
     "For an object: one file for each answer in which it left, which shows to whom, when, and nothing else "
     "of that "
     "answer. For a number: that this entry stands in the log. `log verify FILE` checks it.",
     prove_options,
     "shieldwall log prove 0 --dir node --out first.proof && shieldwall log verify first.proof --key "
     "\"$(shieldwall "
     "log key --dir node)\"",
     run_prove},
    {"log evidence",
     "show where members' logs contradicted themselves",
     "Lists what this node as a witness holds against logs; or judges an evidence file that somebody "
     "brought, with "
     "nothing but the key of the log that it accuses. Exit status: 0 there is none, 1 there is.",
     evidence_options,
     "shieldwall log evidence --dir node",
     run_evidence},
    {"log catch-up",
     "let a restored log go on",
     "A node that was restored from a backup may lack what its log signed since, and appends and signs "
     "nothing until "
     "it has it: no answer with objects leaves. Give a folder of tiles that somebody fetched from it later, "
     "as often "
     "as there is one. Then it goes on, with an entry in clear that says so.",
     catch_up_options,
     "shieldwall log catch-up --dir node",
     run_catch_up},
};

}  // namespace

std::span<const Command> log_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
