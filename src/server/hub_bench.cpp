// What a node of a large alliance spends: a real node (its store on disk, its keys) whose members are
// simulated in this process: hub_bench [MEMBERS, 1500] [SHARES, 100] [FOLDER]
//
//   share   objects shared with all MEMBERS: signed, sealed once, queued for each; the first also seals the
//           epoch's key to each
//   fetch   each member asks for all that waits for it, and acknowledges it
//   relay   a member's deliveries for all others, which the node carries and cannot read: taken and queued
//   memory  of this process before and after; the store's files

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "base/log.h"
#include "exchange/federation/joining.h"
#include "net/client.h"
#include "server/folder.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::server;
using namespace shieldwall::exchange::federation;

double now_s() {
  return static_cast<double>(system_clock().steady().us) / 1e6;
}

template <typename T>
T need(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "hub_bench: {}\n", result.error().message);
  std::exit(1);
}
void need(Done done) {
  if (done) return;
  fmt::print(stderr, "hub_bench: {}\n", done.error().message);
  std::exit(1);
}

double memory_mb() {
  std::ifstream statm("/proc/self/statm");  // which says that it has no bytes
  std::uint64_t whole = 0;
  std::uint64_t pages = 0;
  statm >> whole >> pages;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double folder_mb(const std::string& folder) {
  double bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
    if (file.is_regular_file()) bytes += static_cast<double>(file.file_size());
  return bytes / 1e6;
}

struct Member {
  ledger::NodeKeys keys;
  OrganisationId id;
  Stand stand{};  // of what it fetched
};

class Hub {
 public:
  Hub(std::string folder, int members, int shares)
      : folder_(std::move(folder)),
        count_(members),
        shares_(shares),
        node_(opened()),
        federation_(*node_->federation()) {}

  void run() {
    const auto empty = memory_mb();
    enrol();
    const auto enrolled = memory_mb();
    share(1, "first share");
    share(shares_, "share");
    fetch();
    relay();
    fmt::print("memory     {:.0f} MB empty, {:.0f} MB with {} members, {:.0f} MB now; store {:.0f} MB\n",
               empty,
               enrolled,
               count_,
               memory_mb(),
               folder_mb(folder_));
  }

 private:
  std::unique_ptr<Node> opened() {
    InitOptions wish{.folder = folder_};
    wish.founding.organisation = {.id = OrganisationId::random(system_random()), .name = "Hub"};
    wish.founding.organisation.identity = ledger::identity_of(wish.founding.organisation.id);
    need(init_folder(wish, system_clock(), system_random(), system_fs()));
    auto config = need(read_folder_config(system_fs(), folder_));
    config.alliance_address = "hub.example:8444";
    config.alliance_relay = true;
    return need(open_folder(folder_, config, {system_clock(), system_random(), system_fs(), net_}));
  }

  /// All at once, by one change of the roster: how they came is not what is measured.
  void enrol() {
    auto roster = need(found_alliance(federation_, "shield")).roster;
    const auto before = roster;
    ++roster.version;
    roster.predecessor = policy::digest_of(before);
    for (int i = 0; i < count_; ++i) {
      Member member{.keys = ledger::NodeKeys::make(system_random()),
                    .id = OrganisationId::random(system_random())};
      roster.members.push_back({.organisation = member.id,
                                .name = fmt::format("Member {}", i),
                                .kind = policy::MemberKind::partner,
                                .keys = member.keys.public_keys(),
                                .pins = {sha256(member.id.text())}});
      members_.push_back(std::move(member));
    }
    ledger::SignedRoster next{.roster = policy::canonical(roster)};
    ledger::sign(next, federation_.options().home, need(federation_.keys())->root);
    const auto begun = now_s();
    need(federation_.keep(next));
    fmt::print("enrol      {} members by one roster in {:.1f} s\n", count_, now_s() - begun);
    std::fflush(stdout);
  }

  void put(int count) {
    std::string body = R"({"objects":[)";
    for (int i = 0; i < count; ++i, ++made_)
      body += fmt::format(
          R"({}{{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-{:012x}",)"
          R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z",)"
          R"("pattern":"[domain-name:value = 'h{}.example']","pattern_type":"stix",)"
          R"("valid_from":"2020-01-01T00:00:00Z","description":"{:x<1150}"}})",
          i == 0 ? "" : ",",
          made_,
          made_,
          "");
    auto answer = node_->handle({.method = net::Method::post,
                                 .target = "/api/v1/imports?circle=shield",
                                 .headers = {{"Content-Type", "application/json"}},
                                 .body = body + "]}",
                                 .peer_uid = ::getuid(),
                                 .role = net::ListenerRole::local});
    if (answer.status / 100 == 2) return;
    fmt::print(stderr, "hub_bench: {}\n", answer.bytes());
    std::exit(1);
  }

  void share(int count, std::string_view what) {
    put(count);
    const auto begun = now_s();
    while (need(federation_.release())) {
    }
    const auto took = now_s() - begun;
    fmt::print("{:<10} {} to {} members in {:.2f} s: {:.1f} ms each, {:.1f} us for each member\n",
               what,
               count,
               count_,
               took,
               took * 1e3 / count,
               took * 1e6 / count / count_);
    std::fflush(stdout);
  }

  Ack ack_of(const Member& member) const {
    Ack ack{.from = federation_.options().home,
            .by = member.id,
            .last = member.stand.last,
            .chain = member.stand.chain,
            .at = system_clock().now()};
    sign(ack, member.keys.statement);
    return ack;
  }

  void fetch() {
    std::uint64_t deliveries = 0;
    const auto begun = now_s();
    for (auto& member : members_)
      for (bool more = true; more;) {
        const auto page = need(federation_.page_for(member.id, member.stand.last));
        for (const auto& one : page.deliveries)
          member.stand = {one.number, chain_after(member.stand.chain, one)};
        deliveries += page.deliveries.size();
        more = page.more && !page.deliveries.empty();
        need(federation_.note(member.id, ack_of(member)));
      }
    const auto took = now_s() - begun;
    fmt::print(
        "fetch      {} deliveries in {:.2f} s: {:.2f} ms for each member, {:.1f} us for each delivery\n",
        deliveries,
        took,
        took * 1e3 / count_,
        took * 1e6 / static_cast<double>(deliveries));
    std::fflush(stdout);
  }

  /// One sealed item for every other member, as its origin queues it.
  void relay() {
    const auto& from = members_.front();
    Page page{.rosters = federation_.known()->stands()};
    Stand stand;
    const EnvelopeHeader header{.epoch = EpochId::random(system_random()),
                                .expires = system_clock().now() + days(30)};
    const auto item =
        need(seal(header, {.object = system_random().bytes(2'048)}, SecretKey{}, system_random()));
    for (std::size_t i = 1; i < members_.size(); ++i) {
      Delivery one{.number = ++stand.last,
                   .kind = ItemKind::envelope,
                   .to = policy::key_id(members_[i].keys.public_sealing()),
                   .digest = sha256(item),
                   .item = item};
      stand.chain = chain_after(stand.chain, one);
      page.deliveries.push_back(std::move(one));
    }
    const auto begun = now_s();
    const auto taken = need(federation_.take(from.id, page));
    const auto took = now_s() - begun;
    fmt::print("relay      1 share to {} members in {:.1f} ms: {:.1f} us each; {} refused\n",
               taken.carried_to.size(),
               took * 1e3,
               took * 1e6 / count_,
               taken.refused);
    std::fflush(stdout);
  }

  std::string folder_;
  int count_;
  int shares_;
  int made_ = 0;
  net::Client net_{{}};
  std::unique_ptr<Node> node_;
  Federation& federation_;
  std::vector<Member> members_;
};

}  // namespace

int main(int argc, char** argv) {
  log::set_level(log::Level::error);
  const int members = argc > 1 ? std::atoi(argv[1]) : 1'500;
  const int shares = argc > 2 ? std::atoi(argv[2]) : 100;
  const std::string folder =
      (argc > 3 ? std::filesystem::path(argv[3]) : std::filesystem::temp_directory_path()) /
      ("hub-bench-" + Uuid::random(system_random()).text());
  Hub(folder, members, shares).run();
  std::filesystem::remove_all(folder);
  return 0;
}
