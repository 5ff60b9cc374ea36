#include "ledger/delivery.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "api/shelf.h"
#include "base/guarded.h"
#include "base/hash.h"
#include "ledger/log/entry.h"
#include "ledger/log/merkle.h"
#include "ledger/rows.h"
#include "policy/byte_form.h"

namespace shieldwall::ledger {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::uint8_t form_version = 2;
constexpr std::uint8_t form_without_log = 1;
constexpr std::string_view log_kind = "delivery";
constexpr std::size_t text_bytes_max = 4'096;              // a name, a door, a type
constexpr std::size_t labels_max = delivered_max;          // different ones in one answer
constexpr std::size_t version_bytes = 16 + 4 + 1 + 8 + 4;  // the least that a version takes
constexpr Duration count_pause = seconds(1);               // between two writes of one entry's count
constexpr std::size_t remembered_max = 20'000;             // entries, some 200 bytes each

std::string key_of(const OrganisationId& organisation,
                   const AccountId& account,
                   std::string_view door,
                   const Digest& root) {
  return fmt::format("{}/{}/{}/{}", organisation.text(), account.text(), door, root.hex());
}

std::string key_of(const api::Call& call, std::string_view door, const Digest& root) {
  return key_of(call.caller->organisation, call.caller->account, door, root);
}

/// Entries known to be durable, and how often each left since it was written last.
class DeliveryBook {
 public:
  struct Count {
    std::uint64_t repeats = 0;
    Timestamp written{};
  };

  /// Counts one more. Nothing when the entry is not remembered; else how many are to be written now.
  std::optional<std::uint64_t> count(const std::string& key, Timestamp now) {
    return counts_.with([&](auto& counts) -> std::optional<std::uint64_t> {
      const auto found = counts.find(key);
      if (found == counts.end()) return std::nullopt;
      auto& count = found->second;
      ++count.repeats;
      if (now - count.written < count_pause) return 0;
      count.written = now;
      return std::exchange(count.repeats, 0);
    });
  }

  void remember(const std::string& key, Timestamp now) {
    counts_.with([&](auto& counts) {
      if (counts.size() >= remembered_max) counts.clear();  // found in the store again
      counts.insert_or_assign(key, Count{.repeats = 0, .written = now});
    });
  }

  /// Whether the label is kept. Few there are: an organisation's labels are some hundred.
  bool knows(const Digest& label) {
    return labels_.with([&](auto& labels) { return labels.contains(label); });
  }
  void learn(const Digest& label) {
    labels_.with([&](auto& labels) {
      if (labels.size() >= remembered_max) labels.clear();
      labels.insert(label);
    });
  }

  void give_back(const std::string& key, std::uint64_t repeats) {
    counts_.with([&](auto& counts) { counts[key].repeats += repeats; });
  }

 private:
  Guarded<std::unordered_map<std::string, Count, TextHash, std::equal_to<>>> counts_;
  Guarded<std::set<Digest>> labels_;
};

/// Adds to the count of a stored entry. errors: not_found; conflict: another thread did so just now
Done add_times(store::Records& records, const std::string& key, std::uint64_t times, Timestamp now) {
  const auto row = TRY(read_row(records, store::Table::delivery, key, decode_delivery, "delivery"));
  auto delivery = row.value;
  delivery.times += times;
  delivery.last = std::max(delivery.last, now);
  const store::Write write{
      .table = store::Table::delivery, .key = key, .value = encode(delivery), .expected = row.revision};
  return records.write({&write, 1});
}

bool is(const Done& done, ErrorCode code) {
  return !done && done.error().code == code;
}

NodeLog* log_of(const api::Call& call) {
  return call.services.shelf == nullptr ? nullptr : call.services.shelf->of<LogOnShelf>().log;
}

/// Durable in Records at once.
Done note_in_records(const api::Call& call, const std::string& key, const Delivery& delivery) {
  const store::Write write{
      .table = store::Table::delivery, .key = key, .value = encode(delivery), .expected = 0};
  auto done = records_of(call).write({&write, 1});
  if (!is(done, ErrorCode::conflict)) return done;
  done = add_times(records_of(call), key, 1, call.now);  // it left before
  if (is(done, ErrorCode::conflict)) return {};          // somebody counts at this very moment
  return done;
}

Digest root_between(std::span<const DeliveredVersion> versions) {
  if (versions.size() == 1) return leaf_hash(leaf_of(versions.front()));
  std::size_t half = 1;
  while (half * 2 < versions.size()) half *= 2;
  return node_hash(root_between(versions.first(half)), root_between(versions.subspan(half)));
}

}  // namespace

Bytes leaf_of(const DeliveredVersion& delivered) {
  ByteWriter out;
  out.counted(delivered.id.type);
  out.uuid(delivered.id.uuid);
  if (const auto* const at = std::get_if<Timestamp>(&delivered.version)) {
    out.number(std::uint8_t{1});
    out.number(static_cast<std::uint64_t>(at->us));
  } else {
    out.number(std::uint8_t{2});
    out.raw(std::get<Digest>(delivered.version).view());
  }
  out.raw(delivered.label.view());
  return std::move(out).take();
}

Digest root_of(std::span<const DeliveredVersion> versions) {
  return versions.empty() ? empty_root() : root_between(versions);
}

Done count_delivery(const api::Call& call, std::string_view door, const Digest& root) {
  const auto unknown = [] { return fail(ErrorCode::not_found, "this delivery is not remembered"); };
  if (call.services.shelf == nullptr) return unknown();
  auto& book = call.services.shelf->of<DeliveryBook>();
  const auto key = key_of(call, door, root);
  const auto due = book.count(key, call.now);
  if (!due) return unknown();
  if (*due == 0) return {};
  auto done = add_times(records_of(call), key, *due, call.now);
  // Somebody counts at this very moment, or the entry is still on its way from the log.
  if (is(done, ErrorCode::conflict) || is(done, ErrorCode::not_found)) {
    book.give_back(key, *due);
    return {};
  }
  return done;
}

Done log_deliveries(NodeLog& log, std::span<const Delivery> deliveries, Random& random) {
  std::vector<NewEntry> entries;
  for (const auto& delivery : deliveries) {
    auto commitment = commit(content_of(delivery), random);
    ByteWriter opening;
    opening.raw(commitment.salt);
    opening.raw(encode(delivery));
    entries.push_back({.entry = commitment.entry(), .opening = std::move(opening).take()});
  }
  if (entries.empty()) return {};
  TRY(log.append(entries));
  return {};
}

Done note_delivery(const api::Call& call,
                   std::string_view door,
                   const Digest& root,
                   std::span<const DeliveredVersion> versions) {
  auto counted = count_delivery(call, door, root);
  if (!is(counted, ErrorCode::not_found)) return counted;
  const auto key = key_of(call, door, root);
  const Delivery delivery{.organisation = call.caller->organisation,
                          .account = call.caller->account,
                          .name = call.caller->name,
                          .door = std::string(door),
                          .first = call.now,
                          .last = call.now,
                          .root = root,
                          .versions = {versions.begin(), versions.end()}};
  if (auto* const log = log_of(call)) {
    auto known = add_times(records_of(call), key, 1, call.now);  // left before this process began
    if (is(known, ErrorCode::not_found)) known = log_deliveries(*log, {&delivery, 1}, call.services.random);
    if (!known && known.error().code != ErrorCode::conflict) return known;
  } else {
    TRY(note_in_records(call, key, delivery));
  }
  if (call.services.shelf != nullptr) call.services.shelf->of<DeliveryBook>().remember(key, call.now);
  return {};
}

Result<std::vector<Delivery>> deliveries_to(store::Records& records,
                                            const OrganisationId& organisation,
                                            const AccountId& account,
                                            std::size_t most) {
  auto prefix = organisation.text() + "/";
  if (!account.is_nil()) prefix += account.text() + "/";
  std::vector<Delivery> deliveries;
  for (auto& row : TRY(scan_rows(records, store::Table::delivery, prefix, decode_delivery, most)))
    deliveries.push_back(std::move(row.value));
  return deliveries;
}

Bytes content_of(const Delivery& delivery) {
  ByteWriter out;
  out.counted(log_kind);
  out.uuid(delivery.organisation.uuid);
  out.uuid(delivery.account.uuid);
  out.counted(delivery.name);
  out.counted(delivery.door);
  out.number(static_cast<std::uint64_t>(delivery.first.us));
  out.number(static_cast<std::uint32_t>(delivery.versions.size()));
  out.digest(delivery.root);
  return std::move(out).take();
}

store::Write write_of(const Delivery& delivery) {
  return {.table = store::Table::delivery,
          .key = key_of(delivery.organisation, delivery.account, delivery.door, delivery.root),
          .value = encode(delivery),
          .expected = std::nullopt};
}

Done keep_openings(store::Records& records, std::span<const Opening> openings) {
  std::map<std::string, store::Write> writes;
  for (const auto& [index, bytes] : openings) {
    if (bytes.size() < salt_bytes) return fail(ErrorCode::corrupt, "log entry {}: no opening", index);
    auto delivery = decode_delivery(std::string_view(bytes).substr(salt_bytes));
    if (!delivery) return fail(std::move(delivery).error().within(fmt::format("log entry {}", index)));
    delivery->logged = LogPlace{.index = index, .salt = bytes.substr(0, salt_bytes)};
    auto write = write_of(*delivery);
    const auto held = records.read(store::Table::delivery, write.key);
    if (!held && held.error().code != ErrorCode::not_found) return fail(held.error());
    if (held) continue;  // brought before a crash, or two answers at one instant
    auto key = write.key;
    writes.try_emplace(std::move(key), std::move(write));
  }
  std::vector<store::Write> batch;
  for (auto& [key, write] : writes) batch.push_back(std::move(write));
  return batch.empty() ? Done{} : records.write(batch);
}

Result<Digest> noted_label(api::Services& services, const policy::Label& label) {
  const auto form = encode(label);
  const auto digest = sha256(form);
  auto* const book = services.shelf ? &services.shelf->of<DeliveryBook>() : nullptr;
  if (book != nullptr && book->knows(digest)) return digest;
  TRY(services.store.blobs().put(form));
  if (book != nullptr) book->learn(digest);
  return digest;
}

Result<DeliveredVersion> delivered(const api::Call& call, const policy::Holding& holding) {
  const auto label = TRY(noted_label(call.services, holding.label));
  return DeliveredVersion{holding.id, holding.version, label};
}

Done note_delivery(const api::Call& call, std::string_view door, std::span<const DeliveredVersion> versions) {
  if (versions.empty()) return {};
  return note_delivery(call, door, root_of(versions), versions);
}

Result<std::vector<Delivery>> deliveries_of(store::Records& records,
                                            const model::ObjectId& id,
                                            std::size_t most) {
  std::vector<Delivery> found;
  for (std::string after;;) {
    const auto page = TRY(records.scan(store::Table::delivery, {}, after, scan_page));
    for (const auto& record : page) {
      // The UUID stands in the row as it is: most rows need not be read further.
      if (record.value.find(id.uuid.view()) == std::string::npos) continue;
      auto delivery = decode_delivery(record.value);
      if (!delivery) return fail(ErrorCode::corrupt, "delivery {}: {}", record.key, delivery.error().message);
      if (std::ranges::any_of(delivery->versions, [&](const auto& version) { return version.id == id; }))
        found.push_back(std::move(*delivery));
    }
    if (found.size() > most) return fail(ErrorCode::exhausted, "more than {} delivery entries", most);
    if (page.size() < static_cast<std::size_t>(scan_page)) break;
    after = page.back().key;
  }
  std::ranges::sort(found, {}, [](const Delivery& one) { return std::pair(one.first, one.root); });
  return found;
}

Bytes encode(const Delivery& delivery) {
  std::map<std::string_view, std::uint32_t> types;
  std::map<Digest, std::uint32_t> labels;
  for (const auto& version : delivery.versions) {
    types.emplace(version.id.type, 0);
    labels.emplace(version.label, 0);
  }
  ByteWriter out;
  out.number(form_version);
  out.uuid(delivery.organisation.uuid);
  out.uuid(delivery.account.uuid);
  out.counted(delivery.name);
  out.counted(delivery.door);
  out.number(static_cast<std::uint64_t>(delivery.first.us));
  out.number(static_cast<std::uint64_t>(delivery.last.us));
  out.number(delivery.times);
  out.raw(delivery.root.view());
  out.number(static_cast<std::uint32_t>(types.size()));
  for (std::uint32_t number = 0; auto& [type, index] : types) {
    out.counted(type);
    index = number++;
  }
  out.number(static_cast<std::uint32_t>(labels.size()));
  for (std::uint32_t number = 0; auto& [label, index] : labels) {
    out.raw(label.view());
    index = number++;
  }
  out.number(static_cast<std::uint32_t>(delivery.versions.size()));
  for (const auto& version : delivery.versions) {
    out.number(types[version.id.type]);
    out.uuid(version.id.uuid);
    if (const auto* const at = std::get_if<Timestamp>(&version.version)) {
      out.number(std::uint8_t{1});
      out.number(static_cast<std::uint64_t>(at->us));
    } else {
      out.number(std::uint8_t{2});
      out.raw(std::get<Digest>(version.version).view());
    }
    out.number(labels[version.label]);
  }
  out.number(static_cast<std::uint8_t>(delivery.logged ? 1 : 0));
  if (delivery.logged) {
    out.number(delivery.logged->index);
    out.raw(delivery.logged->salt);
  }
  return std::move(out).take();
}

namespace {

Result<Digest> read_digest(ByteReader& in) {
  Digest digest;
  const auto bytes = TRY(in.raw(digest.bytes.size()));
  std::ranges::copy(bytes, reinterpret_cast<char*>(digest.bytes.data()));
  return digest;
}

Result<Timestamp> read_time(ByteReader& in) {
  return Timestamp{static_cast<std::int64_t>(TRY(in.number<std::uint64_t>()))};
}

Result<model::Version> read_version(ByteReader& in) {
  const auto kind = TRY(in.number<std::uint8_t>());
  if (kind == 1) return model::Version(TRY(read_time(in)));
  if (kind == 2) return model::Version(TRY(read_digest(in)));
  return in.refuse("a version of an unknown kind");
}

}  // namespace

Result<DeliveredVersion> read_leaf(std::string_view leaf) {
  ByteReader in(leaf, "version");
  DeliveredVersion read;
  read.id.type = TRY(in.line(1, text_bytes_max));
  read.id.uuid = TRY(in.uuid());
  read.version = TRY(read_version(in));
  read.label = TRY(read_digest(in));
  TRY(in.finish());
  return read;
}

Result<Delivery> decode_delivery(std::string_view row) {
  ByteReader in(row, "delivery");
  const auto form = TRY(in.number<std::uint8_t>());
  if (form != form_version && form != form_without_log)
    return in.refuse("a version this program does not know");
  Delivery delivery;
  delivery.organisation.uuid = TRY(in.uuid());
  delivery.account.uuid = TRY(in.uuid());
  delivery.name = TRY(in.counted(text_bytes_max));
  delivery.door = TRY(in.counted(text_bytes_max));
  delivery.first = TRY(read_time(in));
  delivery.last = TRY(read_time(in));
  delivery.times = TRY(in.number<std::uint64_t>());
  delivery.root = TRY(read_digest(in));
  std::vector<std::string> types(TRY(in.count(delivered_max, 4)));
  for (auto& type : types) type = TRY(in.counted(text_bytes_max));
  std::vector<Digest> labels(TRY(in.count(labels_max, 32)));
  for (auto& label : labels) label = TRY(read_digest(in));
  delivery.versions.resize(TRY(in.count(delivered_max, version_bytes)));
  for (auto& version : delivery.versions) {
    const auto type = TRY(in.number<std::uint32_t>());
    version.id.uuid = TRY(in.uuid());
    version.version = TRY(read_version(in));
    const auto label = TRY(in.number<std::uint32_t>());
    if (type >= types.size() || label >= labels.size()) return in.refuse("a number that names nothing");
    version.id.type = types[type];
    version.label = labels[label];
  }
  if (form == form_version && TRY(in.flag())) {
    LogPlace place;
    place.index = TRY(in.number<std::uint64_t>());
    place.salt = Bytes(TRY(in.raw(salt_bytes)));
    delivery.logged = std::move(place);
  }
  TRY(in.finish());
  return delivery;
}

}  // namespace shieldwall::ledger
