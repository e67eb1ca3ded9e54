// A sender of tests that keeps what it was given.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "notify/deliver.hpp"

namespace mlean::notify {

struct Posted {
  std::string url;
  std::map<std::string, std::string> headers;
  std::string body;
};

// Answers from a list, then 200; an answer of 0 is "no connection".
class FakeSender final : public Sender {
 public:
  Result<net::Response> Send(const net::Request& request) override {
    posts.push_back({request.url, {request.headers.begin(), request.headers.end()}, request.body});
    const int status = answers.empty() ? 200 : answers.front();
    if (!answers.empty()) answers.erase(answers.begin());
    if (status == 0) return Fail(Code::kIo, "cannot reach 'https://hooks.example/SECRET': refused");
    return net::Response{.status = status, .headers = answer_headers};
  }
  std::vector<std::pair<std::string, std::string>> answer_headers;
  std::vector<int> answers;
  std::vector<Posted> posts;
};

}  // namespace mlean::notify
