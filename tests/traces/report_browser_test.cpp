// The report in a real browser: Chromium without a window opens it from file://, and the page as it stands after its
// scripts ran must hold every picture with marks in it, without a console error and without a request to anywhere.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>

#include "base/atomic_file.h"
#include "tests/traces/sample_report.h"

namespace heat::traces {
namespace {

using testing::sample_report_data;
using testing::TemporaryFolder;
using testing::write_encoder_run;

std::string run_command(const std::string& command, int& status) {
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  if (!pipe) return output;
  std::array<char, 65536> buffer;
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) output.append(buffer.data(), n);
  const int raw = ::pclose(pipe);
  status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
  return output;
}

std::string find_chromium() {
  int status = 0;
  const std::string path = run_command("command -v chromium || command -v chromium-browser || true", status);
  return path.substr(0, path.find('\n'));
}

// Chromium's command line up to what it should do; no network service of its own, an empty profile.
std::string chromium(const TemporaryFolder& folder) {
  return find_chromium() +
         " --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
         "--disable-component-update"
         " --disable-features=NetworkTimeServiceQuerying --host-resolver-rules='MAP * ~NOTFOUND'"
         " --disable-sync --disable-extensions --disable-dev-shm-usage --hide-scrollbars --window-size=1280,900"
         " --virtual-time-budget=10000 --user-data-dir=" +
         folder.file("profile");
}

struct Page {
  std::string dom;
  std::string log;      // console messages and Chromium's own
  std::string net_log;  // every request Chromium started
};

Page open_page(const TemporaryFolder& folder, const std::string& html) {
  int status = 0;
  Page page;
  page.dom = run_command("timeout 120 " + chromium(folder) + " --enable-logging=stderr --v=0 --log-net-log=" +
                             folder.file("net.json") + " --dump-dom 'file://" + html + "' 2>" + folder.file("log"),
                         status);
  EXPECT_EQ(status, 0);
  page.log = base::read_file(folder.file("log"));
  page.net_log = base::read_file(folder.file("net.json"));
  return page;
}

// Marks of every picture of the page: id -> data-marks.
std::map<std::string, int> marks_of(const std::string& dom) {
  std::map<std::string, int> marks;
  const std::regex figure("<figure [^>]*id=\"fig-([a-z]+)\"[^>]*data-marks=\"([0-9]+)\"");
  for (std::sregex_iterator it(dom.begin(), dom.end(), figure), end; it != end; ++it)
    marks[(*it)[1]] = std::stoi((*it)[2]);
  return marks;
}

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++count;
  return count;
}

// Addresses that the page asked for. Chromium's own services (updates, accounts, time) ask too; in the log a request
// carries the id of its cause, and a page's resources and connections have this one (Chromium's annotations.xml).
std::set<std::string> page_requests(const std::string& net_log) {
  constexpr const char* kBlinkResourceLoader = "101845102";
  std::set<std::string> urls;
  const std::regex request(std::string("\"traffic_annotation\":") + kBlinkResourceLoader +
                           ",\"url\":\"((https?|wss?|ftp)://[^\"]*)\"");
  for (std::sregex_iterator it(net_log.begin(), net_log.end(), request), end; it != end; ++it) urls.insert((*it)[1]);
  return urls;
}

// HEAT_KEEP_REPORT=DIR keeps the page and its screenshots, light and dark, for people to look at.
void keep_for_people(const TemporaryFolder& folder, const std::string& html, const std::string& name) {
  const char* directory = std::getenv("HEAT_KEEP_REPORT");
  if (!directory) return;
  const std::string base = std::string(directory) + "/" + name;
  base::write_file_atomically(base + ".html", base::read_file(html));
  int status = 0;
  for (const std::string theme : {"light", "dark"})
    run_command("timeout 120 " + chromium(folder) + " --window-size=1280,5300" +
                    (theme == "dark" ? " --blink-settings=preferredColorScheme=0" : "") + " --screenshot=" + base +
                    "-" + theme + ".png 'file://" + html + "' 2>/dev/null",
                status);
}

void expect_clean(const Page& page) {
  EXPECT_EQ(page.log.find("CONSOLE"), std::string::npos) << page.log;
  EXPECT_TRUE(page_requests(page.net_log).empty()) << *page_requests(page.net_log).begin();
}

class ReportInBrowser : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(find_chromium(), "") << "install the package chromium"; }
  void write_report(const std::string& arguments) {
    int status = -1;
    const std::string output = run_command(
        std::string(HEAT_BIN_DIR) + "/heat-trace report " + arguments + " --output " + html() + " 2>&1", status);
    ASSERT_EQ(status, 0) << output;
  }
  std::string html() const { return folder_.file("report.html"); }
  TemporaryFolder folder_;
};

TEST_F(ReportInBrowser, EveryPictureIsDrawnWithOneMarkADatum) {
  write_encoder_run(folder_.file("dense.sqlite"), "dense", 1);
  write_encoder_run(folder_.file("student.sqlite"), "ttm", 2.4);
  base::write_file_atomically(folder_.file("data.json"), sample_report_data().dump());
  write_report("--data " + folder_.file("data.json") + " --run dense=" + folder_.file("dense.sqlite") +
               " --run student=" + folder_.file("student.sqlite"));
  const Page page = open_page(folder_, html());
  keep_for_people(folder_, html(), "full");
  expect_clean(page);
  EXPECT_NE(page.dom.find("data-rendered=\"11\""), std::string::npos);
  const auto marks = marks_of(page.dom);
  EXPECT_EQ(marks.size(), 11u);
  EXPECT_EQ(marks.at("pareto"), 600);
  EXPECT_EQ(marks.at("calibration"), 2 * 24);
  EXPECT_EQ(marks.at("predictor"), 120);
  EXPECT_EQ(marks.at("search"), 2 * 30);
  EXPECT_EQ(marks.at("roofline"), 2 * 16);
  EXPECT_EQ(marks.at("energy"), 2 * (4 * 4 + 1));  // four layers of four components and the shared one, two networks
  EXPECT_EQ(marks.at("latency"), 2 * 4);
  EXPECT_EQ(marks.at("utilisation"), 3);  // dma.load, pe, ppu
  EXPECT_EQ(marks.at("stalls"), 2 * 4);   // pe for two reasons, dma.load and ppu for one each
  EXPECT_GT(marks.at("dram"), 3);         // two areas, a line, and the addresses touched
  EXPECT_EQ(marks.at("banks"), 1 + 3);    // one class of latency, one bank with three row results
  // data-marks is the page's own count: count the marks in the document, too.
  EXPECT_EQ(occurrences(page.dom, "class=\"mark\""),
            600u + 48 + 120 + 60 + 32 + 34 + 8 + 3 + 8 + 4 + static_cast<unsigned>(marks.at("dram")));
}

// Every option, check box, legend entry and table is used by a script put behind the page's own.
TEST_F(ReportInBrowser, EveryControlCanBeUsedWithoutAnError) {
  write_encoder_run(folder_.file("dense.sqlite"), "dense", 1);
  write_encoder_run(folder_.file("student.sqlite"), "ttm", 2.4);
  base::write_file_atomically(folder_.file("data.json"), sample_report_data().dump());
  write_report("--data " + folder_.file("data.json") + " " + folder_.file("dense.sqlite") + " " +
               folder_.file("student.sqlite"));
  std::string page_text = base::read_file(html());
  page_text.insert(page_text.rfind("</body>"), R"(<script>
let used = 0;
const fire = (element, type) => { element.dispatchEvent(new Event(type, {bubbles: true})); ++used; };
document.querySelectorAll("select").forEach(s => [...s.options].forEach(o => { s.value = o.value; fire(s, "change"); }));
document.querySelectorAll("input[type=checkbox]").forEach(c => { c.click(); ++used; });
document.querySelectorAll(".legend button").forEach(b => { b.click(); ++used; });
document.querySelectorAll("details").forEach(d => { d.open = true; fire(d, "toggle"); });
document.querySelectorAll(".mark").forEach(m => m.dispatchEvent(new MouseEvent("mousemove", {clientX: 9, clientY: 9})));
document.documentElement.dataset.used = used;
document.documentElement.dataset.tables = document.querySelectorAll("figure table").length;
</script>)");
  base::write_file_atomically(html(), page_text);
  const Page page = open_page(folder_, html());
  expect_clean(page);
  EXPECT_NE(page.dom.find("data-tables=\"11\""), std::string::npos);
  EXPECT_NE(page.dom.find("id=\"tooltip\" role=\"status\" style=\"display: block"), std::string::npos);
  std::smatch used;
  ASSERT_TRUE(std::regex_search(page.dom, used, std::regex("data-used=\"([0-9]+)\"")));
  // 6 + 6 axes, 3 scales, 2 quantities, 2 + 2 + 2 runs, 2 stall rows; 3 check boxes; 3 legend entries; 11 tables and
  // the summary.
  EXPECT_EQ(std::stoi(used[1]), 25 + 3 + 3 + 12);
}

TEST_F(ReportInBrowser, TextFromTheDataNeverBecomesMarkup) {
  base::write_file_atomically(folder_.file("data.json"), sample_report_data().dump());
  write_report("--data " + folder_.file("data.json"));
  const Page page = open_page(folder_, html());
  expect_clean(page);
  EXPECT_NE(page.dom.find("<h1 id=\"title\">HEAT report: bert-small &lt;/script&gt;&lt;b&gt;</h1>"), std::string::npos);
}

TEST_F(ReportInBrowser, AbsentSectionsLeaveTheirPicturesOut) {
  testing::write_sample_run(folder_.file("run.sqlite"));
  write_report(folder_.file("run.sqlite"));
  const Page page = open_page(folder_, html());
  keep_for_people(folder_, html(), "one-run");
  expect_clean(page);
  const auto marks = marks_of(page.dom);
  EXPECT_EQ(marks.size(), 7u);
  for (const char* id : {"energy", "latency", "roofline", "utilisation", "stalls", "dram", "banks"})
    EXPECT_GT(marks.at(id), 0) << id;
}

TEST_F(ReportInBrowser, TheChecksOfThisTestSeeAnErrorAndARequest) {
  base::write_file_atomically(html(),
                              "<html><body><script>console.error('x'); fetch('http://127.0.0.1:9/y')</script>"
                              "<img src=\"http://127.0.0.1:9/z.png\"></body></html>");
  const Page page = open_page(folder_, html());
  EXPECT_NE(page.log.find("CONSOLE"), std::string::npos);
  EXPECT_EQ(page_requests(page.net_log), (std::set<std::string>{"http://127.0.0.1:9/y", "http://127.0.0.1:9/z.png"}));
}

}  // namespace
}  // namespace heat::traces
