// How many Windows events a second one core takes with every Windows rule of SigmaHQ loaded, beside simdjson
// parsing the same bytes.
//   sigma_bench [RULES...]   default: ../shared/data/sigma; events: its recorded attacks among made-up
//   background of ordinary process, file, registry and network events, seed fixed

#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <simdjson.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "detect/sigma/json_events.h"
#include "detect/sigma/load.h"
#include "detect/sigma/rule_set.h"
#include "detect/sigma/sigma_data.h"
#include "model/json_writer.h"

using namespace shieldwall;
using namespace shieldwall::detect;
using namespace shieldwall::detect::sigma;

namespace {

constexpr std::size_t events_wanted = 60'000;
constexpr int attack_each = 20;  // one event in so many is from a recorded attack

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/// Best of five, in CPU seconds.
template <typename Work>
double best(Work&& work) {
  double least = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double start = cpu_seconds();
    work();
    least = std::min(least, cpu_seconds() - start);
  }
  return least;
}

std::vector<std::string> recorded_events(const std::string& folder) {
  std::vector<std::string> events;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json" || entry.path().filename() == "manifest.json") continue;
    const auto text = read_file(system_fs(), entry.path().string(), 1 << 24);
    if (!text) continue;
    std::string flat;
    for (const char c : *text) flat += c == '\n' ? ' ' : c;
    for (std::size_t at = 0; at < flat.size();) {  // one event behind the other
      const auto next = flat.find("{   \"Event\"", at + 1);
      events.push_back(flat.substr(at, next - at));
      if (next == flat.npos) break;
      at = next;
    }
  }
  return events;
}

class Background {
 public:
  std::string next() {
    switch (pick(5)) {
      case 0:
      case 1:
        return process();
      case 2:
        return event(11, {{"Image", image()}, {"TargetFilename", image() + ".tmp"}, {"User", user()}});
      case 3:
        return event(13,
                     {{"Image", image()},
                      {"TargetObject", "HKU\\S-1-5-21-1004\\Software\\Vendor\\" + word() + "\\" + word()},
                      {"Details", "DWORD (0x0000000" + std::to_string(pick(9)) + ")"},
                      {"User", user()}});
      default:
        return event(3,
                     {{"Image", image()},
                      {"User", user()},
                      {"Protocol", "tcp"},
                      {"Initiated", pick(2) == 0 ? "true" : "false"},
                      {"SourceIp", "10.0.0." + std::to_string(pick(250))},
                      {"DestinationIp", "192.0.2." + std::to_string(pick(250))},
                      {"DestinationPort", std::to_string(pick(60'000))}});
    }
  }

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string word() {
    std::string text;
    for (std::size_t i = 3 + pick(9); i > 0; --i) text += static_cast<char>('a' + pick(26));
    return text;
  }
  std::string user() { return "CORP\\" + word(); }
  std::string image() {
    static const std::string known[] = {"C:\\Windows\\System32\\svchost.exe",
                                        "C:\\Windows\\System32\\cmd.exe",
                                        "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
                                        "C:\\Windows\\explorer.exe",
                                        "C:\\Windows\\System32\\conhost.exe",
                                        "C:\\Windows\\System32\\rundll32.exe"};
    if (pick(2) == 0) return known[pick(std::size(known))];
    return "C:\\Program Files\\" + word() + "\\" + word() + ".exe";
  }

  std::string process() {
    const auto path = image();
    std::string line = "\"" + path + "\"";
    for (std::size_t i = pick(12); i > 0; --i) line += (pick(2) == 0 ? " --" : " ") + word();
    return event(1,
                 {{"UtcTime", "2025-01-01 00:00:00.000"},
                  {"Image", path},
                  {"Description", word() + " " + word()},
                  {"Product", word()},
                  {"Company", word()},
                  {"OriginalFileName", word() + ".exe"},
                  {"CommandLine", line},
                  {"CurrentDirectory", "C:\\Users\\" + word() + "\\"},
                  {"User", user()},
                  {"IntegrityLevel", "Medium"},
                  {"Hashes", "SHA256=" + word() + word() + word() + ",IMPHASH=" + word()},
                  {"ParentImage", image()},
                  {"ParentCommandLine", "\"" + image() + "\" " + word() + " " + word()}});
  }

  static std::string event(int id, const Pairs& data) {
    model::JsonWriter json;
    json.begin_object();
    json.key("Event");
    json.begin_object();
    json.key("System");
    json.begin_object();
    json.member("EventID", static_cast<std::uint64_t>(id));
    json.member("Channel", "Microsoft-Windows-Sysmon/Operational");
    json.member("Computer", "host");
    json.end_object();
    json.key("EventData");
    json.begin_object();
    for (const auto& [name, value] : data) json.member(name, value);
    json.end_object();
    json.end_object();
    json.end_object();
    return std::string(json.text());
  }

  std::mt19937_64 random_{42};
};

std::string workload(const std::string& data) {
  const auto recorded = recorded_events(data + "/regression");
  Background background;
  std::string text;
  for (std::size_t i = 0; i < events_wanted; ++i)
    text += (i % attack_each == 0 ? recorded[i / attack_each % recorded.size()] : background.next()) + "\n";
  return text;
}

/// An event that outlives its reader.
struct Kept {
  std::string bytes;
  Record record;
};

std::vector<Kept> kept_events(const std::string& text) {
  std::vector<Kept> events;
  wire::MemoryReader source(text);
  JsonEvents reader(source);
  Record event;
  while (*reader.next(event)) {
    Kept& kept = events.emplace_back();
    for (const auto& field : event.fields) kept.bytes.append(field.name).append(field.value);
    std::size_t at = 0;
    const auto view = [&](std::size_t size) {
      at += size;
      return std::string_view(kept.bytes).substr(at - size, size);
    };
    for (const auto& field : event.fields) {
      const auto name = view(field.name.size());
      kept.record.fields.push_back(
          {.name = name, .value = view(field.value.size()), .is_text = field.is_text});
    }
    kept.record.line = event.line;
  }
  return events;
}

void tell(const char* what, double took, std::size_t events, std::size_t bytes) {
  std::printf("%-44s %8.0f events/s  %6.3f GB/s  %6.2f us/event\n",
              what,
              static_cast<double>(events) / took,
              static_cast<double>(bytes) / took / 1e9,
              took * 1e6 / static_cast<double>(events));
}

void parse_all(const std::string& text, std::size_t& count) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  for (auto document : parser.parse_many(padded, 1 << 20))
    if (!document.error()) ++count;
}

}  // namespace

int main(int argc, char** argv) {
  const auto data = sigma_data();
  const auto folder = unpacked_sigma_rules();
  if (!data || !folder) return std::puts("skipped: ../shared/data/sigma is not there"), 0;
  std::vector<std::string> paths(argv + 1, argv + argc);
  if (paths.empty()) paths = {*folder};
  const double before = cpu_seconds();
  auto file = load_rules(paths, {});
  if (!file) return std::puts(file.error().message.c_str()), 1;
  std::erase_if(file->rules, [](const Rule& rule) { return rule.logsource.product != "windows"; });
  const double loaded = cpu_seconds();
  const auto rules = compile_rules(std::move(*file), {});
  std::printf("%zu rules of Windows: read in %.2f s, compiled in %.2f s, %zu KiB of literals\n",
              rules.rules().size(),
              loaded - before,
              cpu_seconds() - loaded,
              rules.bytes() >> 10);

  const auto text = workload(*data);
  const auto events = kept_events(text);
  std::printf("%zu events, %zu bytes each\n", events.size(), text.size() / events.size());
  std::size_t parsed = 0, hits = 0;
  tell("simdjson DOM, parse alone", best([&] { parse_all(text, parsed = 0); }), events.size(), text.size());
  sigma::Scanner scanner(rules);
  const auto scan_kept = best([&] {
    hits = 0;
    for (const auto& event : events) hits += scanner.scan(event.record).size();
  });
  const auto evaluated = scanner.evaluated() / 5;
  tell("rules alone, events read before", scan_kept, events.size(), text.size());
  const auto whole = best([&] {
    wire::MemoryReader source(text);
    JsonEvents reader(source);
    Record event;
    hits = 0;
    while (*reader.next(event)) hits += scanner.scan(event).size();
  });
  tell("JSON read and rules", whole, events.size(), text.size());
  std::printf("%zu hits, %.1f rules evaluated an event\n",
              hits,
              static_cast<double>(evaluated) / static_cast<double>(events.size()));
  return parsed == events.size() ? 0 : 1;
}
