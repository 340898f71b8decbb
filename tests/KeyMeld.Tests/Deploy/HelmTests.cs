using System.Collections;
using System.Text.Json;
using KeyMeld.Gateway.Configuration;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Tests.Deploy;

/// <summary>The chart, rendered by <see cref="HelmTemplate"/>: Helm itself is not to be had here.</summary>
public class HelmTests
{
    private static string[] Templates => [.. Directory.EnumerateFiles(DeployFiles.Of("helm", "keymeld", "templates"), "*.yaml").Order(StringComparer.Ordinal)];

    private static YamlMappingNode Values => DeployFiles.Yaml(File.ReadAllText(DeployFiles.Of("helm", "keymeld", "values.yaml")));

    [Theory]
    [InlineData("", "")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "http://collector:4318")]
    public void The_gateway_takes_the_configuration_that_the_chart_writes(string token, string collector)
    {
        var values = Values;
        ((YamlScalarNode)values["operator"]["tokenSha256"]).Value = token;
        ((YamlScalarNode)values["telemetry"]["otlpEndpoint"]).Value = collector;
        var map = Render(values).Single(part => (string)part["kind"]! == "ConfigMap");

        var settings = SettingsReader.Read((string)map["data"]["gateway.yaml"]!, new Hashtable());

        Assert.True(settings.Production);
        Assert.Equal((token.Length > 0, collector.Length > 0), (settings.OperatorTokenHash is not null, settings.Telemetry.OtlpEndpoint is not null));
    }

    [Fact]
    public void Every_container_can_do_little_and_mounts_only_what_is_there()
    {
        var set = Render(Values).Single(part => (string)part["kind"]! == "DaemonSet");
        var pod = set["spec"]["template"]["spec"];
        Assert.Equal(("true", "false"), ((string)pod["securityContext"]["runAsNonRoot"]!, (string)pod["automountServiceAccountToken"]!));
        var volumes = ((YamlSequenceNode)pod["volumes"]).Select(volume => (string)volume["name"]!).ToList();
        var containers = (YamlSequenceNode)pod["containers"];
        Assert.Equal(["gateway", "enclave-16", "enclave-17", "enclave-18"], containers.Select(container => (string)container["name"]!));
        foreach (var container in containers)
        {
            Assert.Equal("false", (string)container["securityContext"]["allowPrivilegeEscalation"]!);
            Assert.Equal(["ALL"], ((YamlSequenceNode)container["securityContext"]["capabilities"]["drop"]).Select(drop => (string)drop!));
            if (((YamlMappingNode)container).Children.TryGetValue("volumeMounts", out var mounts))
            {
                Assert.All((YamlSequenceNode)mounts, mount => Assert.Contains((string)mount["name"]!, volumes));
            }
        }
        Assert.Equal("true", (string)containers[0]["securityContext"]["readOnlyRootFilesystem"]!);
    }

    [Fact]
    public void The_service_finds_the_pods()
    {
        var parts = Render(Values);
        var selector = parts.Single(part => (string)part["kind"]! == "Service" && (string)part["metadata"]["name"]! == "release")["spec"]["selector"];
        var pod = parts.Single(part => (string)part["kind"]! == "DaemonSet")["spec"];

        Assert.Equal(pod["template"]["metadata"]["labels"], selector);
        Assert.Equal(pod["selector"]["matchLabels"], selector);
    }

    [Fact]
    public void A_database_of_the_charts_own_is_there_only_where_it_is_asked_for_and_the_gateway_reaches_it_by_its_name()
    {
        Assert.DoesNotContain(Render(Values), part => (string)part["kind"]! == "StatefulSet");
        var values = Values;
        ((YamlScalarNode)values["database"]["own"]).Value = "true";
        ((YamlScalarNode)values["database"]["host"]).Value = "release-database";
        var parts = Render(values);

        var set = parts.Single(part => (string)part["kind"]! == "StatefulSet");
        var service = parts.Single(part => (string)part["kind"]! == "Service" && (string)part["metadata"]["name"]! == "release-database");
        var settings = SettingsReader.Read((string)parts.Single(part => (string)part["kind"]! == "ConfigMap")["data"]["gateway.yaml"]!, new Hashtable());
        var storage = Assert.IsType<StorageSettings.Postgres>(settings.Storage);
        Assert.Equal((storage.Host, $"{storage.Port}"), ((string)service["metadata"]["name"]!, (string)service["spec"]["ports"][0]["port"]!));
        Assert.Equal((string)set["spec"]["serviceName"]!, storage.Host);
        Assert.Equal(set["spec"]["template"]["metadata"]["labels"], service["spec"]["selector"]);
        Assert.Equal(set["spec"]["selector"]["matchLabels"], service["spec"]["selector"]);
        // The gateway's service does not find it.
        Assert.NotEqual(set["spec"]["selector"]["matchLabels"], parts.Single(part => (string)part["kind"]! == "DaemonSet")["spec"]["selector"]["matchLabels"]);

        var pod = set["spec"]["template"]["spec"];
        Assert.Equal(("true", "false"), ((string)pod["securityContext"]["runAsNonRoot"]!, (string)pod["automountServiceAccountToken"]!));
        var container = Assert.Single((YamlSequenceNode)pod["containers"]);
        Assert.Contains("ssl=on", ((YamlSequenceNode)container["args"]).Select(argument => (string)argument!));
        Assert.Equal("true", (string)container["securityContext"]["readOnlyRootFilesystem"]!);
        var volumes = ((YamlSequenceNode)pod["volumes"]).Select(volume => (string)volume["name"]!).Append((string)set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]!).Order(StringComparer.Ordinal);
        Assert.Equal(volumes, ((YamlSequenceNode)container["volumeMounts"]).Select(mount => (string)mount["name"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_schema_of_the_values_knows_every_value_and_requires_it()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(DeployFiles.Of("helm", "keymeld", "values.schema.json")));
        Compare(Values, document.RootElement, document.RootElement, "values");
    }

    private static void Compare(YamlMappingNode values, JsonElement schema, JsonElement root, string where)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            schema = root.GetProperty("definitions").GetProperty(reference.GetString()!["#/definitions/".Length..]);
        }
        if (!schema.TryGetProperty("properties", out var properties))
        {
            return;
        }
        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
        var required = schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()!).Order(StringComparer.Ordinal);
        Assert.Equal(required, values.Children.Keys.Select(key => (string)key!).Order(StringComparer.Ordinal));
        foreach (var (key, value) in values.Children)
        {
            Assert.True(properties.TryGetProperty((string)key!, out var inner), $"{where}.{key}");
            if (value is YamlMappingNode section)
            {
                Compare(section, inner, root, $"{where}.{key}");
            }
        }
    }

    // A template whose part is switched off renders to nothing.
    private static List<YamlMappingNode> Render(YamlMappingNode values) =>
        [.. Templates.Select(file => new HelmTemplate(values, "release").Render(File.ReadAllText(file))).Where(text => text.Trim().Length > 0).Select(DeployFiles.Yaml)];
}
