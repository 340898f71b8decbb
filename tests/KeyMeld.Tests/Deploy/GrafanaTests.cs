using System.Collections;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Gateway.Telemetry;
using KeyMeld.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Tests.Deploy;

/// <summary>The dashboard and the alerts ask for what /metrics has: a name that nobody exports would never fire and never tell.</summary>
public partial class GrafanaTests
{
    private const string Token = "an operator's token for tests";
    private static readonly string[] OfPrometheus = ["up"];

    // What a fake enclave does not say, and what nothing here has: they are instruments of the meter, and their names follow from its.
    private static readonly string[] Unseen = ["keymeld.enclave.work.duration", "keymeld.aws.credentials.expiry", "keymeld.tls.certificate.expiry"];
    private static readonly string[] NamesOfUnseen = ["keymeld_enclave_work_duration_seconds_bucket", "keymeld_aws_credentials_expiry_seconds", "keymeld_tls_certificate_expiry_seconds"];

    [Fact]
    public async Task Every_metric_and_label_of_dashboard_and_alerts_is_in_a_scrape()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 3, overrides: new Hashtable
        {
            ["KEYMELD__OPERATOR__TOKEN_SHA256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token))),
        });
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        var group = await TestGroup.FormAsync(gateway, members: 2);
        await new TestSigning(group).SignAsync();
        (await gateway.GetAsync("/api/v1/nothing")).IsProblem(HttpStatusCode.NotFound, "not_found");
        await gateway.Enclaves[2].CrashAsync();
        await Eventually.TrueAsync(() => !gateway.Parts.Fleet.Get(2).View.IsReady);
        var answer = await gateway.SendAsync(HttpMethod.Get, "/metrics", [], null, null, "Bearer " + Token);
        var scrape = Exposition.Parse(Encoding.UTF8.GetString(answer.Body));
        Assert.All(Unseen, name => Assert.Contains(name, readings.Instruments));
        HashSet<string> names = [.. scrape.Samples.Select(sample => sample.Name), .. OfPrometheus, .. NamesOfUnseen];
        HashSet<string> labels = [.. scrape.Samples.SelectMany(sample => sample.Labels.Keys), "instance", "job", "listener"];

        var expressions = Dashboard().Concat(Alerts().Select(alert => alert.Expression)).ToList();

        Assert.True(expressions.Count > 20);
        foreach (var expression in expressions)
        {
            var bare = Braces().Replace(expression, "");
            var asked = Name().Matches(Grouping().Replace(bare, "")).Select(match => match.Value).ToList();
            Assert.NotEmpty(asked);
            Assert.All(asked, name => Assert.True(names.Contains(name), $"{name} in {expression} is not in /metrics"));
            var grouped = Grouping().Matches(bare).SelectMany(match => match.Groups[1].Value.Split(", "));
            var matched = Matcher().Matches(expression).Select(match => match.Groups[1].Value);
            Assert.All(grouped.Concat(matched), label => Assert.Contains(label, labels));
        }
    }

    [Fact]
    public void Every_alert_has_a_severity_a_summary_and_its_line_in_the_documentation()
    {
        var documented = DocumentedAlert().Matches(File.ReadAllText(Path.Combine(Vectors.SourceRoot(), "docs", "operations.md"))).Select(match => match.Groups[1].Value);

        Assert.Equal(Alerts().Select(alert => alert.Name).Order(), documented.Order());
        Assert.All(Alerts(), alert => Assert.Contains(alert.Severity, (string[])["critical", "warning"]));
        Assert.All(Alerts(), alert => Assert.False(string.IsNullOrWhiteSpace(alert.Summary)));
    }

    [Fact]
    public void Panels_of_the_dashboard_do_not_lie_upon_each_other()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(FileOf("dashboard.json")));
        var taken = new HashSet<(int X, int Y)>();
        foreach (var place in document.RootElement.GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("gridPos")))
        {
            var (x, y) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32());
            Assert.InRange(x + place.GetProperty("w").GetInt32(), 1, 24);
            Assert.All(Enumerable.Range(x, place.GetProperty("w").GetInt32()), column => Assert.All(Enumerable.Range(y, place.GetProperty("h").GetInt32()), row => Assert.True(taken.Add((column, row)))));
        }
    }

    [Fact]
    public void What_every_gateway_tells_of_one_and_the_same_enclave_is_not_added_up()
    {
        var told = Dashboard().Where(expression => OfEnclave().IsMatch(expression)).ToList();

        Assert.True(told.Count >= 7);
        Assert.All(told, expression => Assert.Contains("max by (enclave", expression, StringComparison.Ordinal));
    }

    private static List<string> Dashboard()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(FileOf("dashboard.json")));
        return [.. document.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!)];
    }

    private static List<Alert> Alerts()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(FileOf("alerts.yaml"))));
        var groups = (YamlSequenceNode)stream.Documents.Single().RootNode["groups"];
        return [.. groups.SelectMany(group => (YamlSequenceNode)group["rules"]).Select(rule => new Alert(
            (string)rule["alert"]!, (string)rule["expr"]!, (string)rule["labels"]["severity"]!, (string)rule["annotations"]["summary"]!))];
    }

    private static string FileOf(string name) => Path.Combine(Vectors.SourceRoot(), "deploy", "grafana", name);

    private sealed record Alert(string Name, string Expression, string Severity, string Summary);

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Braces();

    [GeneratedRegex(@"keymeld_enclave_(state|locked|attestation|key_epoch|kms_calls|groups_loaded|bundle_bytes|nonce)")]
    private static partial Regex OfEnclave();

    [GeneratedRegex(@"\bby \(([a-z_, ]+)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\b(?:(?:keymeld|http|kestrel|dotnet)_[a-z0-9_]+|up)\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"([a-z_]+)(?:=~|!=|!~|=)""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"^\| `(KeyMeld[A-Za-z]+)` \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedAlert();
}
