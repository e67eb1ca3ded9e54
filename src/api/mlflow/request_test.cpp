#include "api/mlflow/request.hpp"

#include <cmath>

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kPoint[] = {{"key", Type::kString, kRequired}, {"value", Type::kDouble, kRequired}, {"step", Type::kInt}};
constexpr Field kFields[] = {{"run_id", Type::kString, kRequired},
                             {"experiment_id", Type::kId},
                             {"step", Type::kInt},
                             {"time", Type::kTime},
                             {"value", Type::kDouble},
                             {"flag", Type::kBool},
                             {"status", Type::kEnum},
                             {"names", Type::kStrings},
                             {"points", Type::kObjects, false, kPoint}};

std::string Read(std::string_view body, std::string_view type = "application/json") {
  const net::HeaderView headers[] = {{"Content-Type", type}};
  const net::Call call = net::Call::For("POST", "/x", body, headers);
  const auto request = ReadRequest(call, kFields);
  return request ? request->Dump(true) : request.error().what;
}

std::string Wrong(std::string_view text) {
  return std::string(text) + " See the API docs for more information about request parameters.";
}

TEST(Request, BringsValuesToTheirTypes) {
  EXPECT_EQ(Read(R"({"run_id":"r","step":"12","value":"0.5","experiment_id":3,"flag":"true","status":2,"other":1})"),
            R"({"run_id":"r","experiment_id":"3","step":12,"value":0.5,"flag":true,"status":"2"})");
  EXPECT_EQ(Read(R"({"run_id":"r","step":"1e3","value":true})"), R"({"run_id":"r","step":1000,"value":1.0})");
  EXPECT_EQ(Read(R"({"run_id":"r","step":3.0,"value":"-Infinity"})"), R"({"run_id":"r","step":3,"value":-Infinity})");
  EXPECT_EQ(Read(R"({"run_id":"r","value":NaN,"step":null})"), R"({"run_id":"r","value":NaN})");
  EXPECT_EQ(Read(R"({"run_uuid":"r"})"), R"({"run_id":"r"})");
  EXPECT_EQ(Read(R"("{\"run_id\": \"twice\"}")"), R"({"run_id":"twice"})");
}

TEST(Request, RefusesWithMlflowsTexts) {
  EXPECT_EQ(Read("{}"), Wrong("Missing value for required parameter 'run_id'."));
  EXPECT_EQ(Read(""), Wrong("Missing value for required parameter 'run_id'."));
  EXPECT_EQ(Read(R"({"run_id":""})"), Wrong("Missing value for required parameter 'run_id'."));
  EXPECT_EQ(Read(R"({"run_id":5})"), Wrong("Invalid value 5 for parameter 'run_id' supplied:  Hint: Value was of type 'int'."));
  EXPECT_EQ(Read(R"({"run_id":"r","step":"x"})"),
            Wrong(R"(Invalid value "x" for parameter 'step' supplied:  Hint: Value was of type 'str'.)"));
  EXPECT_EQ(Read(R"({"run_id":"r","step":1.5})"),
            Wrong("Invalid value 1.5 for parameter 'step' supplied:  Hint: Value was of type 'float'."));
  EXPECT_EQ(Read(R"({"run_id":"r","time":1700000000000.75})"), R"({"run_id":"r","time":1700000000000})");
  EXPECT_EQ(Read(R"({"run_id":"r","time":-1.5})"), R"({"run_id":"r","time":-1})");
  EXPECT_EQ(Read(R"({"run_id":"r","time":"1.5"})"),
            Wrong(R"(Invalid value "1.5" for parameter 'time' supplied:  Hint: Value was of type 'str'.)"));
  EXPECT_EQ(Read(R"({"run_id":"r","time":true})"),
            Wrong("Invalid value true for parameter 'time' supplied:  Hint: Value was of type 'bool'."));
  EXPECT_EQ(Read(R"({"run_id":"r","step":1e300})"),
            Wrong("Invalid value 1e+300 for parameter 'step' supplied:  Hint: Value was of type 'float'."));
  EXPECT_EQ(Read(R"({"run_id":"r","names":"x"})"),
            Wrong(R"(Invalid value "x" for parameter 'names' supplied:  Hint: Value was of type 'str'.)"));
  EXPECT_EQ(Read(R"({"run_id":"r","names":["a",[]]})"),
            Wrong("Invalid value [] for parameter 'names[1]' supplied:  Hint: Value was of type 'list'."));
  EXPECT_EQ(Read(R"({"run_id":"r","points":[{"value":1}]})"), Wrong("Missing value for required parameter 'points[0].key'."));
  EXPECT_EQ(Read(R"({"run_id":"r","points":[5]})"),
            Wrong("Invalid value [5] for parameter 'points' supplied:  Hint: Value was of type 'list'."));
  EXPECT_EQ(Read("[1]"), "cannot read request: the body must be a JSON object, not a list");
  EXPECT_EQ(Read("{bad"), "cannot parse JSON: 1:2: expected a key in quotes");
  EXPECT_EQ(Read(R"({"run_id":"a","run_id":"b"})").substr(0, 17), "cannot parse JSON");
  EXPECT_EQ(Read("{}", "text/plain"), "Bad Request. Content-Type must be one of ['application/json'].");
  EXPECT_EQ(Read("{}", ""), "Bad Request. Content-Type header is missing.");
}

TEST(Request, ReadsQueriesOfGet) {
  const net::Call call = net::Call::For("GET", "/x?run_id=r&names=a&names=b&step=7&other=1");
  const auto request = ReadRequest(call, kFields);
  ASSERT_TRUE(request) << request.error().what;
  EXPECT_EQ(request->Dump(), R"({"run_id":"r","step":7,"names":["a","b"]})");
}

}  // namespace
}  // namespace mlean::api::mlflow
