// How fast STIX text becomes checked objects, on ATT&CK enterprise, beside Python's json.loads of the same
// text.
//   model_bench [FILE]   FILE may be gzip-compressed; needs gzip and python3 on the path

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "model/object.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::vector<char> buffer(1 << 20);
  for (std::size_t read = 0; (read = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), read);
  pclose(pipe);
  return text;
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

std::vector<std::string> split(const std::string& text) {
  ObjectSplitter splitter;
  std::vector<std::string> objects;
  constexpr std::size_t piece = 1 << 16;
  for (std::size_t at = 0; at < text.size(); at += piece)
    if (!splitter.push(std::string_view(text).substr(at, piece), objects)) std::exit(1);
  return objects;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string path =
      argc > 1 ? argv[1] : SHIELDWALL_SOURCE_DIR "/../shared/data/attack/enterprise-attack-18.1.json.gz";
  const std::string text = output_of("gzip -dcf '" + path + "'");
  if (text.empty()) {
    std::printf("skipped: %s is not there\n", path.c_str());
    return 0;
  }
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  const auto row = [&](const char* name, double seconds) {
    std::printf("%-44s %8.3f s CPU %8.1f MB/s\n", name, seconds, megabytes / seconds);
  };
  std::printf("%.1f MB, %zu objects\n", megabytes, split(text).size());
  const double python =
      std::atof(output_of("gzip -dcf '" + path +
                          "' | python3 -c 'import json,sys,time\nt=sys.stdin.read()\nb=9e9\n"
                          "for i in range(5):\n s=time.process_time(); json.loads(t); "
                          "b=min(b,time.process_time()-s)\nprint(b)'")
                    .c_str());
  row("python3 json.loads, whole text", python);
  row("JSON, whole text", best([&] {
        if (!JsonDocument::parse(text)) std::exit(1);
      }));
  row("split into objects", best([&] { split(text); }));
  const auto objects = split(text);
  const auto each = [&](auto&& work) {
    return best([&] {
      for (const auto& object : objects) {
        const auto document = JsonDocument::parse(object);
        if (!document) std::exit(1);
        work(document->root());
      }
    });
  };
  std::size_t sum = 0;
  row("JSON, by object", each([&](const Json& json) { sum += json.size(); }));
  row("JSON and check", each([&](const Json& json) { sum += check_object(json).size(); }));
  row("JSON and check, warnings untold",
      each([&](const Json& json) { sum += check_object(json, {.warnings = false}).size(); }));
  row("JSON, check and facts", each([&](const Json& json) { sum += read_object(json).has_value(); }));
  row("JSON and canonical form", each([&](const Json& json) { sum += canonical_json(json).size(); }));
  row("JSON and searchable text", each([&](const Json& json) { sum += searchable_text(json).size(); }));
  const double all = best([&] {
    ObjectSplitter splitter;
    std::vector<std::string> batch;
    for (std::size_t at = 0; at < text.size(); at += 1 << 16) {
      batch.clear();
      if (!splitter.push(std::string_view(text).substr(at, 1 << 16), batch)) std::exit(1);
      for (auto& object : batch) {
        const auto document = JsonDocument::parse(std::move(object));
        if (!document || !read_object(document->root())) std::exit(1);
      }
    }
  });
  row("split, JSON, check and facts", all);
  std::printf("%.2f times json.loads; %zu\n", all / python, sum % 10);
  return 0;
}
