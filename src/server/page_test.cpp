#include "server/page.h"

#include <doctest/doctest.h>

#include "base/bytes.h"
#include "server/test_world.h"

using namespace shieldwall;
using namespace shieldwall::server;

TEST_CASE("the front page says what the node is, how it is doing and where its API description is") {
  NodeWorld world(1, {.name = "CERT <b>\"North\"</b> & co"});
  const auto answer = world.get({}, "/");
  CHECK(answer.status == 200);
  const std::string html(answer.bytes());
  CHECK(html.find("<h1>CERT &lt;b&gt;&quot;North&quot;&lt;/b&gt; &amp; co</h1>") != std::string::npos);
  CHECK(html.find("<b>") != std::string::npos);  // ours alone
  for (const auto* text :
       {"A Shieldwall node", ">Ready<", "href=\"/openapi.json\"", "/api/v1", "/taxii2/", "/readyz"})
    CHECK(html.find(text) != std::string::npos);
}

TEST_CASE(
    "the front page runs no script, loads nothing, and its one style sheet is the one its policy names") {
  NodeWorld world;
  const auto answer = world.get({}, "/");
  const std::string html(answer.bytes());
  for (const auto* text : {"<script", "src=", "http://", "https://", "onload", "style="})
    CHECK(html.find(text) == std::string::npos);
  const auto from = html.find("<style>") + 7;
  const auto sheet = html.substr(from, html.find("</style>") - from);
  const std::string policy(answer.headers.get("Content-Security-Policy").value_or(""));
  CHECK(policy.starts_with("default-src 'none'"));
  CHECK(policy.find("style-src 'sha256-" + to_base64(sha256(sheet).view()) + "'") != std::string::npos);
}

TEST_CASE("a node that stops says so to people and to balancers") {
  NodeWorld world;
  world.node->stopping();
  const auto answer = world.get({}, "/");
  CHECK(answer.bytes().find("Not ready") != std::string::npos);
  CHECK(world.get({}, "/readyz").status == 503);
}
