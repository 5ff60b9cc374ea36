#pragma once
// What a user would take instead, and floors: run beside the matcher on the same log.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "detect/bench/measure.h"
#include "detect/bench/world.h"

#if defined(__x86_64__)
#define SIMDJSON_BUILTIN_IMPLEMENTATION \
  icelake  // as wide as the matcher's own; simdjson_runs() asks the machine
#endif
#include <simdjson.h>

namespace shieldwall::detect::bench {

inline bool simdjson_runs() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vbmi2");
#else
  return true;
#endif
}

struct Walked {
  std::uint64_t documents = 0, values = 0, bytes = 0;
};

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512cd,avx512bw,avx512vbmi,avx512vbmi2,avx512vl,avx2,bmi,pclmul,lzcnt")
#endif

inline void walk_value(simdjson::ondemand::value value, Walked& walked) {
  switch (value.type()) {
    case simdjson::ondemand::json_type::object:
      for (auto field : value.get_object()) walk_value(field.value(), walked);
      return;
    case simdjson::ondemand::json_type::array:
      for (auto element : value.get_array()) walk_value(element.value(), walked);
      return;
    case simdjson::ondemand::json_type::string:
      walked.bytes += std::string_view(value.get_string()).size();
      ++walked.values;
      return;
    default:
      walked.bytes += value.raw_json_token().size();
      ++walked.values;
  }
}

/// Every document, every value, strings unescaped: as much as the matcher has to see.
inline Walked walk_with_simdjson(std::string_view text) {  // simdjson's padding behind it is readable
  Walked walked;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream documents;
  if (parser.iterate_many(text.data(), text.size(), 1'000'000).get(documents) != simdjson::SUCCESS)
    return walked;
  for (auto document : documents) {
    for (auto field : document.get_object()) walk_value(field.value(), walked);
    ++walked.documents;
  }
  return walked;
}

#if defined(__x86_64__)
#pragma GCC pop_options
#endif

inline std::string first_line(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

inline bool is_here(const std::string& program) {
  return std::system(fmt::format("command -v {} > /dev/null 2>&1", program).c_str()) == 0;
}

/// Runs a command that writes its finding to `out`.
inline void run_peer(std::string_view what,
                     const std::string& command,
                     const std::string& out,
                     double bytes) {
  int status = 0;
  const auto took = best_of(1, [&] { status = std::system(command.c_str()); }, RUSAGE_CHILDREN);
  if (WEXITSTATUS(status) == 124)
    return row(what, took, bytes, "stopped at its time limit: a lower bound of its time");
  if (status != 0) return fmt::print("{:<44} failed\n", what);
  row(what, took, bytes, first_line(out));
}

inline constexpr int peer_seconds_max = 60;

inline void run_grep(const Files& files, const std::string& folder, double bytes) {
  const auto out = folder + "/grep.out";
  run_peer(
      "grep -F -f, substrings",
      fmt::format(
          "LC_ALL=C timeout {} grep -c -F -f {} {} > {}", peer_seconds_max, files.indicators, files.log, out),
      out,
      bytes);
}

/// json and sets, names asked with their parents; the first `bytes` of the log, or all.
inline void run_python(const Files& files, const std::string& folder, double bytes) {
  const auto script = folder + "/sets.py", out = folder + "/sets.out";
  std::ofstream(script) << R"(import json, sys
wanted = set(line.rstrip("\n") for line in open(sys.argv[1]))
left, lines = int(sys.argv[3]), 0
def values(value):
    if isinstance(value, str): yield value
    elif isinstance(value, dict):
        for one in value.values(): yield from values(one)
    elif isinstance(value, list):
        for one in value: yield from values(one)
def hits(value):
    while value:
        if value in wanted: return True
        value = value.partition(".")[2]
for line in open(sys.argv[2], encoding="utf-8"):
    left -= len(line)
    if left < 0: break
    if any(hits(value) for value in values(json.loads(line))): lines += 1
print(lines, "lines hit; no networks, no spellings, no URLs in pieces")
)";
  run_peer("Python json and sets, part of the log",
           fmt::format("timeout {} python3 {} {} {} {:.0f} > {}",
                       peer_seconds_max,
                       script,
                       files.indicators,
                       files.log,
                       bytes,
                       out),
           out,
           bytes);
}

inline void run_duckdb(const Files& files, const std::string& folder, double bytes) {
  if (!is_here("duckdb")) return fmt::print("{:<44} not here\n", "DuckDB");
  const auto out = folder + "/duckdb.out";
  run_peer(
      "DuckDB, semi-joins over six fields",
      fmt::format(
          "timeout {} duckdb -noheader -list -c \"create table w as select column0 v from read_csv('{}', "
          "header=false, columns={{'column0':'VARCHAR'}}); select count(*) from read_ndjson_auto('{}', "
          "ignore_errors=true) where query in (from w) or host in (from w) or server_name in (from w) or "
          "sha256 in (from w) or \\\"id.resp_h\\\" in (from w) or \\\"id.orig_h\\\" in (from w)\" > {}",
          peer_seconds_max * 3,
          files.indicators,
          files.log,
          out),
      out,
      bytes);
}

}  // namespace shieldwall::detect::bench
