#include "detect/scan.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/warning_lists.h"
#include "wire/compression.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/shieldwall-scan-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path_ = name;
    fs::permissions(path_, fs::perms::all);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string at(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories(fs::path(at(name)).parent_path());
    std::ofstream(at(name), std::ios::binary) << bytes;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// root may read everything; for a while this process is nobody.
class WithoutRights {
 public:
  WithoutRights() : was_(::geteuid()) {
    if (was_ == 0) REQUIRE(::seteuid(nobody) == 0);
  }
  ~WithoutRights() {
    if (::seteuid(was_) != 0) std::abort();
  }
  WithoutRights(const WithoutRights&) = delete;
  WithoutRights& operator=(const WithoutRights&) = delete;

 private:
  static constexpr uid_t nobody = 65534;
  uid_t was_;
};

/// Everything that is told, in order, with paths from the folder on.
class Told final : public ScanSink {
 public:
  explicit Told(const Folder& folder) : skipped_(folder.path().size() + 1) {}
  std::vector<std::string> hits, reports;
  void hit(const Hit& hit) override {
    hits.push_back(fmt::format("{}:{} {}", name(hit.source), hit.line, hit.value));
  }
  void done(const SourceReport& report) override {
    reports.push_back(fmt::format("{} {} lines{}", name(report.source), report.counts.lines, cause(report)));
  }

 private:
  std::string name(const std::string& source) const {
    return source == "-" ? source : source.substr(skipped_);
  }
  static std::string cause(const SourceReport& report) {
    const auto colon = report.error.rfind(": ");
    return report.error.empty() ? "" : ", " + report.error.substr(colon == std::string::npos ? 0 : colon + 2);
  }
  std::size_t skipped_;
};

Matcher an_address() {
  return compile({{.id = "a", .pattern = "[ipv4-addr:value = '192.0.2.1']"}}, {.now = {}});
}

std::string lines(int count, int hit_every) {
  std::string text;
  for (int i = 1; i <= count; ++i)
    text += fmt::format("{{\"n\":{},\"src\":\"192.0.2.{}\"}}\n", i, i % hit_every == 0 ? 1 : 2);
  return text;
}

ScanTotals scan(const Folder& folder, const std::vector<std::string>& paths, Told& told, int threads = 2) {
  std::vector<std::string> full;
  for (const auto& path : paths) full.push_back(path == "-" ? path : folder.at(path));
  const auto files = find_files(full);
  REQUIRE(files);
  return scan_files(an_address(), *files, {.threads = threads}, told);
}

}  // namespace

TEST_CASE("files, folders and packed files are told in their order, hits by line, whatever the threads") {
  const Folder folder;
  folder.write("a.log", lines(3000, 1000));
  folder.write("deep/b.json.gz", wire::gzip(lines(10, 10)));
  folder.write("deep/er/c.log", lines(4, 2));
  folder.write("z.log", "login from 192.0.2.1\n");
  const std::vector<std::string> hits = {"z.log:1 192.0.2.1",
                                         "a.log:1000 192.0.2.1",
                                         "a.log:2000 192.0.2.1",
                                         "a.log:3000 192.0.2.1",
                                         "deep/b.json.gz:10 192.0.2.1",
                                         "deep/er/c.log:2 192.0.2.1",
                                         "deep/er/c.log:4 192.0.2.1"};
  for (const int threads : {1, 2, 8}) {
    Told told(folder);
    const auto totals = scan(folder, {"z.log", "a.log", "deep"}, told, threads);
    CHECK(told.hits == hits);
    CHECK(told.reports ==
          std::vector<std::string>{
              "z.log 1 lines", "a.log 3000 lines", "deep/b.json.gz 10 lines", "deep/er/c.log 4 lines"});
    CHECK(totals.files == 4);
    CHECK(totals.hits == hits.size());
    CHECK(totals.counts.lines == 3015);
    CHECK(totals.damaged_files == 0);
  }
}

TEST_CASE("more hits than a lane holds arrive complete and in order") {
  const Folder folder;
  folder.write("a.log", lines(100'000, 1));
  folder.write("b.log", lines(100'000, 1));
  Told told(folder);
  CHECK(scan(folder, {"a.log", "b.log"}, told).hits == 200'000);
  REQUIRE(told.hits.size() == 200'000);
  CHECK(told.hits[99'999] == "a.log:100000 192.0.2.1");
  CHECK(told.hits[100'000] == "b.log:1 192.0.2.1");
}

TEST_CASE(
    "a file that cannot be read, a folder that cannot be listed and a cut one are told; the rest goes on") {
  const Folder folder;
  folder.write("a.log", lines(2, 1));
  folder.write("closed.log", lines(2, 1));
  folder.write("cut.log.gz", std::string_view(wire::gzip(lines(2000, 1))).substr(0, 60));
  folder.write("locked/x.log", lines(2, 1));
  folder.write("z.log", lines(1, 1));
  REQUIRE(::chmod(folder.at("closed.log").c_str(), 0) == 0);
  REQUIRE(::chmod(folder.at("locked").c_str(), 0) == 0);
  Told told(folder);
  ScanTotals totals;
  {
    const WithoutRights nobody;
    totals = scan(folder, {""}, told);
  }
  REQUIRE(::chmod(folder.at("locked").c_str(), 0700) == 0);
  REQUIRE(told.reports.size() == 5);
  CHECK(told.reports[0] == "a.log 2 lines");
  CHECK(told.reports[1] == "closed.log 0 lines, Permission denied");
  CHECK(told.reports[2].find("the gzip stream is cut short") != std::string::npos);
  CHECK(told.reports[3] == "locked 0 lines, Permission denied");
  CHECK(told.reports[4] == "z.log 1 lines");
  CHECK(totals.damaged_files == 3);
  CHECK(told.hits.back() == "z.log:1 192.0.2.1");
}

TEST_CASE("a file that vanishes, or becomes a folder, between listing and reading is told") {
  const Folder folder;
  folder.write("a.log", lines(1, 1));
  folder.write("b.log", lines(1, 1));
  folder.write("c.log", lines(1, 1));
  const std::vector<std::string> paths = {folder.path()};
  const auto files = find_files(paths);
  REQUIRE(files);
  REQUIRE(files->size() == 3);
  fs::remove(folder.at("a.log"));
  fs::remove(folder.at("b.log"));
  fs::create_directory(folder.at("b.log"));
  Told told(folder);
  CHECK(scan_files(an_address(), *files, {.threads = 2}, told).damaged_files == 2);
  CHECK(told.reports == std::vector<std::string>{"a.log 0 lines, No such file or directory",
                                                 "b.log 0 lines, Is a directory",
                                                 "c.log 1 lines"});
  const std::vector<std::string> none = {folder.at("a.log")};
  CHECK(find_files(none).error().code == ErrorCode::not_found);
}

TEST_CASE("standard input is read where it is named, packed or not") {
  const Folder folder;
  folder.write("a.log", lines(1, 1));
  for (const auto& bytes : {lines(2, 2), wire::gzip(lines(2, 2))}) {
    folder.write("in", bytes);
    const int kept = ::dup(STDIN_FILENO);
    FILE* const in = std::fopen(folder.at("in").c_str(), "rb");
    REQUIRE(in != nullptr);
    REQUIRE(::dup2(::fileno(in), STDIN_FILENO) == STDIN_FILENO);
    Told told(folder);
    const auto totals = scan(folder, {"a.log", "-"}, told);
    ::dup2(kept, STDIN_FILENO);
    ::close(kept);
    std::fclose(in);
    CHECK(told.hits == std::vector<std::string>{"a.log:1 192.0.2.1", "-:2 192.0.2.1"});
    CHECK(totals.damaged_files == 0);
  }
}

TEST_CASE("a scan that is told to stop says where it stopped") {
  const Folder folder;
  folder.write("a.log", lines(10, 1));
  const std::atomic<bool> stop{true};
  Told told(folder);
  const std::vector<std::string> paths = {folder.at("a.log")};
  const auto totals = scan_files(an_address(), *find_files(paths), {.threads = 1, .stop = &stop}, told);
  CHECK(totals.stopped);
  CHECK(told.reports == std::vector<std::string>{"a.log 0 lines, interrupted before its first line"});
}

TEST_CASE("a log read in parts is told as one that is read whole: lines, problems and totals") {
  const Folder folder;
  std::string text = "\xef\xbb\xbf" + lines(5000, 7);
  text.insert(text.find('\n', 60'000) + 1, "broken {\n\n");
  text += "{\"src\":\"192.0.2.1\"}";  // without a line end
  folder.write("a.log", text);
  folder.write("b.log", lines(10, 10));
  const auto told = [&](std::uint64_t part_bytes, int threads) {
    struct Sink final : ScanSink {
      std::string all;
      void hit(const Hit& hit) override { all += fmt::format("{}:{}\n", hit.source, hit.line); }
      void done(const SourceReport& report) override {
        const auto& counts = report.counts;
        all += fmt::format("{} {} {} {}", report.source, counts.lines, counts.bytes, counts.broken_lines);
        for (const auto& problem : report.problems) all += fmt::format(" {} {}", problem.line, problem.what);
        all += report.error + "\n";
      }
    } sink;
    const std::vector<std::string> paths = {folder.path()};
    const auto totals =
        scan_files(an_address(), *find_files(paths), {.threads = threads, .part_bytes = part_bytes}, sink);
    return sink.all + fmt::format("{} {} {}", totals.files, totals.hits, totals.counts.lines);
  };
  const auto whole = told(1 << 30, 1);
  CHECK(whole.find("broken") == std::string::npos);
  CHECK(whole.ends_with("2 716 5013"));
  for (const std::uint64_t part_bytes : {100, 4096, 40'000})
    for (const int threads : {1, 3}) CHECK_MESSAGE(told(part_bytes, threads) == whole, part_bytes);
}

TEST_CASE("what a warning list names is counted by list and not told") {
  const Folder folder;
  folder.write("a.log", lines(10, 2));
  WarningLists lists;
  REQUIRE(lists.read(R"({"name":"ours","type":"cidr","list":["192.0.2.0/24"]})"));
  Told told(folder);
  const std::vector<std::string> paths = {folder.at("a.log")};
  const auto totals =
      scan_files(an_address(), *find_files(paths), {.threads = 1, .warning_lists = &lists}, told);
  CHECK(told.hits.empty());
  CHECK(totals.hits == 0);
  CHECK(totals.held_back == std::map<std::string, std::uint64_t>{{"ours", 5}});
}
