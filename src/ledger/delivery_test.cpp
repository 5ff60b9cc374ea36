#include "ledger/delivery.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

Delivery a_delivery() {
  SeededRandom random(3);
  Delivery delivery{.organisation = OrganisationId::random(random),
                    .account = AccountId::random(random),
                    .name = "bob",
                    .door = "taxii",
                    .first = Timestamp{1'700'000'000'000'000},
                    .last = Timestamp{1'700'000'001'000'000},
                    .times = 3};
  const auto green = sha256("green");
  const auto amber = sha256("amber");
  delivery.versions = {{{"indicator", Uuid::random(random)}, Timestamp{5}, green},
                       {{"ipv4-addr", Uuid::random(random)}, sha256("content"), amber},
                       {{"indicator", Uuid::random(random)}, Timestamp{6}, green}};
  delivery.root = root_of(delivery.versions);
  return delivery;
}

}  // namespace

TEST_CASE("a delivery entry comes back as it was written") {
  const auto delivery = a_delivery();
  const auto again = decode_delivery(encode(delivery));
  REQUIRE(again);
  CHECK(again->organisation == delivery.organisation);
  CHECK(again->account == delivery.account);
  CHECK(again->name == delivery.name);
  CHECK(again->door == delivery.door);
  CHECK(again->first == delivery.first);
  CHECK(again->last == delivery.last);
  CHECK(again->times == delivery.times);
  CHECK(again->root == delivery.root);
  CHECK(again->versions == delivery.versions);
}

TEST_CASE("a delivery entry that is cut, longer or of another form is refused") {
  const auto row = encode(a_delivery());
  for (std::size_t length = 0; length < row.size(); ++length) {
    CAPTURE(length);
    CHECK(!decode_delivery(std::string_view(row).substr(0, length)));
  }
  CHECK(!decode_delivery(row + '\0'));
  auto newer = row;
  newer[0] = 3;
  CHECK(!decode_delivery(newer));
  auto nameless = row;  // the four bytes before the last number a label
  nameless[nameless.size() - 2] = 2;
  CHECK(!decode_delivery(nameless));
}

TEST_CASE("the root of a delivery tells order, version and label") {
  const auto delivery = a_delivery();
  const auto with = [&](auto change) {
    auto versions = delivery.versions;
    change(versions);
    return root_of(versions);
  };
  CHECK(with([](auto&) {}) == delivery.root);
  CHECK(with([](auto& all) { std::swap(all[0], all[2]); }) != delivery.root);
  CHECK(with([](auto& all) { all[0].version = Timestamp{7}; }) != delivery.root);
  CHECK(with([](auto& all) { all[0].label = sha256("red"); }) != delivery.root);
  CHECK(with([](auto& all) { all[1].id.type = "ipv6-addr"; }) != delivery.root);
  CHECK(with([](auto& all) { all.pop_back(); }) != delivery.root);
}
