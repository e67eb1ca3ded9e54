#include "net/router.hpp"

namespace mlean::net {
namespace {

std::string_view HeaderOf(const Reply& reply, std::string_view name) {
  for (const ReplyHeader& header : reply.headers) {
    if (EqualNoCase(header.name, name)) return header.value;
  }
  return {};
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    for (const char* pattern :
         {"/", "/health", "/v2/models/{name}", "/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer",
          "/v2/models/ready", "/files/{path...}", "/v1/models/{name}:predict", "/v1/models/{name}:raw:predict",
          "/v1/models/{name}", "/a/{x}/c", "/a/b/{y}"}) {
      Add("GET", pattern);
    }
    Add("POST", "/v2/models/{name}/infer");
    Add("POST", "/a/b/c");
    Add("DELETE", "/files/{path...}");
  }

  void Add(std::string_view method, std::string_view pattern) {
    const std::string shown = std::string(method) + " " + std::string(pattern);
    router_.Add(method, pattern, {}, [shown](const Call& call) {
      std::string text = shown;
      for (std::size_t i = 0; i < call.capture_count; ++i) {
        const std::string_view name = call.captures[i].name;
        text += fmt::format(" {}={}", name, call.Path(name));
      }
      return Reply::Text(200, text);
    });
  }

  std::string Go(std::string_view method, std::string_view target) {
    const Reply reply = router_.Handle(Call::For(method, target));
    return reply.status == 200 ? reply.body : std::to_string(reply.status);
  }

  Router router_;
};

TEST_F(RouterTest, FindsRoutes) {
  struct Case {
    std::string_view method, target, expected;
  };
  for (const Case& c : {
           Case{"GET", "/", "GET /"},
           Case{"GET", "/health", "GET /health"},
           Case{"GET", "//health//?x=1", "GET /health"},
           Case{"HEAD", "/health/", "GET /health"},
           Case{"GET", "/v2/models/m", "GET /v2/models/{name} name=m"},
           Case{"GET", "/v2/models/ready", "GET /v2/models/ready"},
           Case{"GET", "/v2/models/ready/infer", "GET /v2/models/{name}/infer name=ready"},
           Case{"POST", "/v2/models/a%20b%2Fc/infer", "POST /v2/models/{name}/infer name=a b/c"},
           Case{"GET", "/v2/models/a/versions/3/infer", "GET /v2/models/{name}/versions/{version}/infer name=a version=3"},
           Case{"GET", "/v2/%6dodels/ready", "GET /v2/models/ready"},
           Case{"GET", "/v1/models/m:predict", "GET /v1/models/{name}:predict name=m"},
           Case{"GET", "/v1/models/m%3Apredict", "GET /v1/models/{name}:predict name=m"},
           Case{"GET", "/v1/models/m:raw:predict", "GET /v1/models/{name}:raw:predict name=m"},
           Case{"GET", "/v1/models/a:b:predict", "GET /v1/models/{name}:predict name=a:b"},
           Case{"GET", "/v1/models/:predict", "GET /v1/models/{name} name=:predict"},
           Case{"GET", "/v1/models/m:other", "GET /v1/models/{name} name=m:other"},
           Case{"GET", "/files", "GET /files/{path...} path="},
           Case{"GET", "/files/", "GET /files/{path...} path="},
           Case{"GET", "/files/a/b.txt", "GET /files/{path...} path=a/b.txt"},
           Case{"GET", "/files//a//b/", "GET /files/{path...} path=a//b/"},
           Case{"GET", "/files/a%20b/%C3%A9", "GET /files/{path...} path=a b/é"},
           Case{"GET", "/files/../x", "GET /files/{path...} path=../x"},
           Case{"GET", "/a/b/c", "GET /a/b/{y} y=c"},  // the fixed branch has no GET: the next is tried
           Case{"GET", "/a/z/c", "GET /a/{x}/c x=z"},
           Case{"POST", "/a/b/c", "POST /a/b/c"},
           Case{"GET", "/nothing", "404"},
           Case{"GET", "/v2/models", "404"},
           Case{"GET", "/health/x", "404"},
           Case{"PUT", "/health", "405"},
           Case{"GET", "health", "400"},
           Case{"GET", "", "400"},
           Case{"GET", "/v2/models/%", "400"},
           Case{"GET", "/v2/models/%zz", "400"},
           Case{"GET", "/v2/models/a%00b", "400"},
           Case{"GET", "/v2/models/a%0Ab", "400"},
           Case{"GET", "/v2/models/%ff", "400"},
           Case{"GET", "/v2/models/\xff", "400"},
           Case{"GET", "/health?x=%", "400"},
       }) {
    EXPECT_EQ(Go(c.method, c.target), c.expected) << c.method << ' ' << c.target;
  }
}

TEST_F(RouterTest, SaysWhatIsAllowed) {
  EXPECT_EQ(HeaderOf(router_.Handle(Call::For("PUT", "/a/b/c")), "Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(HeaderOf(router_.Handle(Call::For("PUT", "/v2/models/x/infer")), "Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(HeaderOf(router_.Handle(Call::For("POST", "/files/x")), "Allow"), "DELETE, GET, HEAD, OPTIONS");
  const Reply options = router_.Handle(Call::For("OPTIONS", "/health"));
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(HeaderOf(options, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(router_.Handle(Call::For("OPTIONS", "*")).status, 204);
  EXPECT_EQ(router_.Handle(Call::For("OPTIONS", "/nothing")).status, 404);
}

TEST_F(RouterTest, ErrorsHaveTheShapeOfTheLongestPrefix) {
  router_.SetErrorBody("/api", [](int status, std::string_view, const Call&) { return Reply::Text(status, "api"); });
  router_.SetErrorBody("/api/2.0/mlflow",
                       [](int status, std::string_view, const Call&) { return Reply::Text(status, "mlflow"); });
  EXPECT_EQ(router_.Handle(Call::For("GET", "/api/2.0/mlflow/x")).body, "mlflow");
  EXPECT_EQ(router_.Handle(Call::For("GET", "/api/x")).body, "api");
  EXPECT_EQ(router_.Handle(Call::For("GET", "/other")).body, R"({"error":"cannot find '/other': no such path"})");
}

TEST_F(RouterTest, LongPathsAreNoTrouble) {
  std::string path = "/files";
  for (int i = 0; i < 1000; ++i) path += "/x";
  EXPECT_EQ(Go("GET", path).size(), std::string("GET /files/{path...} path=").size() + 1999);
  EXPECT_EQ(Go("GET", "/none" + path), "404");
}

TEST_F(RouterTest, ShowsItsTable) {
  ASSERT_EQ(router_.Routes().size(), 15u);
  EXPECT_EQ(router_.Routes()[2]->method, "GET");
  EXPECT_EQ(router_.Routes()[2]->pattern, "/v2/models/{name}");
  EXPECT_EQ(router_.Routes()[2]->options.label, "/v2/models/{name}");
  EXPECT_EQ(router_.Routes()[2]->index, 2u);
}

TEST_F(RouterTest, WrongPatternsAreBugs) {
  EXPECT_DEATH(Add("GET", "/health"), "");
  EXPECT_DEATH(Add("GET", "x"), "");
  EXPECT_DEATH(Add("GET", "/{a"), "");
  EXPECT_DEATH(Add("GET", "/{a...}/b"), "");
}

TEST_F(RouterTest, ACallSurvivesMoving) {
  Call call = Call::For("GET", "/v2/models/%41");
  ASSERT_NE(router_.Find(call).route, nullptr);
  const Call moved = std::move(call);
  EXPECT_EQ(moved.Path("name"), "A");
}

}  // namespace
}  // namespace mlean::net
