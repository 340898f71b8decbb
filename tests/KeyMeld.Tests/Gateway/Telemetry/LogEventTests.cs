using System.Reflection;
using System.Text.RegularExpressions;
using KeyMeld.Gateway;
using KeyMeld.Tests.Support;
using Microsoft.Extensions.Logging;

namespace KeyMeld.Tests.Gateway.Telemetry;

/// <summary>Whoever filters logs relies on these numbers and names.</summary>
public partial class LogEventTests
{
    private static readonly LoggerMessageAttribute[] Events = [.. typeof(GatewayParts).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()];

    [Fact]
    public void Every_message_has_a_number_and_a_name_of_its_own()
    {
        Assert.True(Events.Length >= 19);
        Assert.All(Events, message => Assert.True(message.EventId is >= 100 and < 1000 && message.EventName is { } name && Name().IsMatch(name), $"{message.EventId} {message.EventName}: {message.Message}"));
        Assert.Equal(Events.Length, Events.Select(message => message.EventId).Distinct().Count());
        Assert.Equal(Events.Length, Events.Select(message => message.EventName).Distinct().Count());
    }

    [Fact]
    public void The_table_of_the_documentation_has_every_message_and_no_other()
    {
        var documented = Row().Matches(File.ReadAllText(Path.Combine(Vectors.SourceRoot(), "docs", "operations.md"))).Select(row => (int.Parse(row.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture), row.Groups[2].Value, row.Groups[3].Value));

        Assert.Equal(Events.Select(message => (message.EventId, message.EventName!, message.Level.ToString().ToLowerInvariant())).Order(), documented.Order());
    }

    [GeneratedRegex("^[a-z]+(_[a-z]+)*$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^\| (\d{3}) \| `([a-z_]+)` \| (information|warning|error) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
