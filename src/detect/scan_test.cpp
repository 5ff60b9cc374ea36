#include "detect/scan.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/stream_source.h"
#include "detect/warning_lists.h"
#include "test_size.h"
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
  std::vector<std::string> hits, reports, problems;
  void hit(const Hit& hit) override {
    hits.push_back(fmt::format("{}:{} {}", name(hit.source), hit.line, hit.value));
  }
  void done(const SourceReport& report) override {
    reports.push_back(fmt::format("{} {} lines{}", name(report.source), report.counts.lines, cause(report)));
    for (const auto& problem : report.problems)
      problems.push_back(fmt::format("{}: {}", problem.line, problem.what));
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

/// A file as standard input, through a pipe as `cat FILE |` would make one.
class Piped {
 public:
  explicit Piped(const std::string& path) : kept_(::dup(STDIN_FILENO)) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    ::close(ends[0]);
    writer_ = std::jthread([path, to = ends[1]] {
      std::ifstream file(path, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      for (std::string_view rest = bytes; !rest.empty();) {
        const auto size = ::write(to, rest.data(), rest.size());
        if (size <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(size));
      }
      ::close(to);
    });
  }
  ~Piped() {
    ::dup2(kept_, STDIN_FILENO);
    ::close(kept_);
  }
  Piped(const Piped&) = delete;
  Piped& operator=(const Piped&) = delete;

 private:
  int kept_;
  std::jthread writer_;
};

/// Waits for hits as they are told.
class Awaited final : public ScanSink {
 public:
  std::string error;
  void hit(const Hit&) override {
    ++hits_;
    hits_.notify_all();
  }
  void done(const SourceReport& report) override { error = report.error; }
  bool heard(std::uint64_t hits, std::chrono::seconds most) const {
    const auto until = std::chrono::steady_clock::now() + most;
    while (hits_ < hits && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return hits_ == hits;
  }

 private:
  std::atomic<std::uint64_t> hits_{0};
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
  const auto count = static_cast<std::size_t>(tests::test_size("scan_many_hits"));
  folder.write("a.log", lines(static_cast<int>(count), 1));
  folder.write("b.log", lines(static_cast<int>(count), 1));
  Told told(folder);
  CHECK(scan(folder, {"a.log", "b.log"}, told).hits == 2 * count);
  REQUIRE(told.hits.size() == 2 * count);
  CHECK(told.hits[count - 1] == fmt::format("a.log:{} 192.0.2.1", count));
  CHECK(told.hits[count] == "b.log:1 192.0.2.1");
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
    const Piped in(folder.at("in"));
    Told told(folder);
    const auto totals = scan(folder, {"a.log", "-"}, told);
    CHECK(told.hits == std::vector<std::string>{"a.log:1 192.0.2.1", "-:2 192.0.2.1"});
    CHECK(totals.damaged_files == 0);
  }
}

TEST_CASE("a stream in blocks is told as a file that is read whole, whatever the threads") {
  const Folder folder;
  std::string text = "\xef\xbb\xbf" + lines(50'000, 997);
  text.insert(text.find('\n', 1'500'000) + 1, "broken {\n\n");
  text.insert(
      text.find('\n', 2'000'000) + 1,  // longer than a block, or than two
      "{\"src\":\"192.0.2.1\",\"long\":\"" + std::string(StreamSource::piece_bytes + 1000, 'x') + "\"}\n");
  text += "{\"src\":\"192.0.2.1\"}";  // without a line end
  const std::string prose = "from 192.0.2.1\n" + std::string(1'200'000, 'y') + "\nfrom 192.0.2.1\n";
  std::string table = "n,src\n1,\"192.0.2.1\n\"\n";
  while (table.size() < StreamSource::piece_bytes + 1000) table += "1,192.0.2.2\n2,192.0.2.1\n";
  for (const auto& log : {text, prose, table, wire::gzip(text), std::string()}) {
    folder.write("log", log);
    Told whole(folder);
    const auto expected = scan(folder, {"log"}, whole, 1);
    for (const int threads : log == text ? std::vector{1, 2, 3, 8} : std::vector{3}) {
      const Piped in(folder.at("log"));
      Told told(folder);
      const auto totals = scan(folder, {"-"}, told, threads);
      for (auto& hit : whole.hits) hit.replace(0, hit.find(':'), "-");
      for (auto& report : whole.reports) report.replace(0, report.find(' '), "-");
      CHECK(told.hits == whole.hits);
      CHECK(told.reports == whole.reports);
      CHECK(totals.counts.bytes == expected.counts.bytes);
      CHECK(totals.counts.broken_lines == expected.counts.broken_lines);
      CHECK(told.problems == whole.problems);
    }
  }
}

TEST_CASE(
    "what a slow writer wrote is told before it writes more, and once it is told to stop nobody waits") {
  for (const bool settled : {false, true}) {
    const Folder folder;
    REQUIRE(::mkfifo(folder.at("pipe").c_str(), 0600) == 0);
    const int writer = ::open(folder.at("pipe").c_str(), O_RDWR | O_CLOEXEC);
    std::atomic<bool> stop{false};
    Awaited sink;
    const std::vector<std::string> paths = {folder.at("pipe")};
    std::jthread scanning(
        [&] { scan_files(an_address(), *find_files(paths), {.threads = 2, .stop = &stop}, sink); });
    std::uint64_t before = 0;
    if (settled) {
      const auto many = lines(50'000, 50'000);
      for (std::string_view rest = many; !rest.empty();)
        rest.remove_prefix(static_cast<std::size_t>(::write(writer, rest.data(), rest.size())));
      CHECK(sink.heard(++before, std::chrono::seconds(20)));
    }
    for (const std::string_view line : {"{\"src\":\"192.0.2.1\"}\n", "{\"dst\":\"192.0.2.1\"}\n"}) {
      REQUIRE(::write(writer, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
      CHECK(sink.heard(++before, std::chrono::seconds(2)));
    }
    stop = true;
    const auto stopped = std::chrono::steady_clock::now();
    scanning.join();
    CHECK(std::chrono::steady_clock::now() - stopped < std::chrono::seconds(5));
    CHECK(sink.error == fmt::format("interrupted behind line {}", settled ? 50'002 : 2));
    ::close(writer);
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
