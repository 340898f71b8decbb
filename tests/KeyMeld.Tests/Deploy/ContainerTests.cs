using System.Collections;
using System.Globalization;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Tests.Gateway.Support;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Tests.Deploy;

/// <summary>What can be seen of images and compose files where no container can run: their text, their context, and the check of health against a real gateway.</summary>
public class ContainerTests
{
    [Fact]
    public void The_image_takes_only_what_its_context_has_and_runs_as_nobody_special()
    {
        var folder = Directory.CreateTempSubdirectory("km-context-");
        try
        {
            var published = folder.CreateSubdirectory("published/KeyMeld.Gateway").FullName;
            foreach (var file in (string[])["KeyMeld.Gateway", "libe_sqlite3.so", "KeyMeld.Gateway.dbg"])
            {
                File.WriteAllText(Path.Combine(published, file), file);
            }
            var context = Path.Combine(folder.FullName, "context");
            var (exit, output) = DeployFiles.Run("bash", [DeployFiles.Of("gateway", "build.sh"), "--context", context], ("KEYMELD_PUBLISHED", Path.Combine(folder.FullName, "published")));
            Assert.True(exit == 0, output);

            var instructions = Instructions(File.ReadAllText(Path.Combine(context, "Containerfile")));
            var copied = instructions.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..^1]).Where(word => !word.StartsWith("--", StringComparison.Ordinal)).ToList();

            Assert.Equal(["KeyMeld.Gateway", "healthcheck", "libe_sqlite3.so"], copied.Order(StringComparer.Ordinal));
            Assert.All(copied, file => Assert.True(File.Exists(Path.Combine(context, file)), file));
            Assert.Equal(["Containerfile", .. copied.Order(StringComparer.Ordinal)], Directory.EnumerateFiles(context).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
            Assert.Equal("USER 10001:10001", instructions.Last(line => line.StartsWith("USER ", StringComparison.Ordinal)));
            Assert.True(instructions.IndexOf("USER 10001:10001") > instructions.FindLastIndex(line => line.StartsWith("RUN ", StringComparison.Ordinal)));
            Assert.Single(instructions, line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal));
            Assert.DoesNotContain(instructions, line => line.StartsWith("ADD ", StringComparison.Ordinal) || line.Contains("curl", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_check_of_health_tells_a_gateway_that_lives_from_one_that_cannot_sign_and_from_none()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1);
        var port = gateway.Http.BaseAddress!.Port.ToString(CultureInfo.InvariantCulture);
        int Check(string path) => DeployFiles.Run("bash", [DeployFiles.Of("gateway", "healthcheck"), "127.0.0.1", port, path]).Exit;

        Assert.Equal(0, Check("/api/v1/health/live"));
        Assert.Equal(0, Check("/api/v1/health/ready"));
        await gateway.Enclaves[0].CrashAsync();
        await Eventually.TrueAsync(() => !gateway.Parts.Fleet.Get(0).View.IsReady);
        Assert.Equal((0, 1), (Check("/api/v1/health/live"), Check("/api/v1/health/ready")));
        await gateway.StopGatewayAsync();
        Assert.NotEqual(0, Check("/api/v1/health/live"));
    }

    [Fact]
    public void The_services_of_the_compose_file_can_do_little_and_get_nothing_that_is_not_there()
    {
        var compose = DeployFiles.Yaml(File.ReadAllText(DeployFiles.Of("compose", "compose.yaml")));
        var services = (YamlMappingNode)compose["services"];
        var secrets = ((YamlMappingNode)compose["secrets"]).Children.Keys.Select(key => (string)key!).ToList();
        foreach (var service in services.Children.Values)
        {
            Assert.Equal("true", (string)service["read_only"]!);
            Assert.Equal(["ALL"], Texts(service["cap_drop"]));
            Assert.Contains("no-new-privileges:true", Texts(service["security_opt"]));
            Assert.All((YamlSequenceNode)service["secrets"], secret => Assert.Contains(secret is YamlScalarNode text ? text.Value! : (string)secret["source"]!, secrets));
            Assert.All(Texts(service["networks"]), network => Assert.Contains(network, ((YamlMappingNode)compose["networks"]).Children.Keys.Select(key => (string)key!)));
            Assert.DoesNotContain("privileged", ((YamlMappingNode)service).Children.Keys.Select(key => (string)key!));
        }
        // Nobody but this machine reaches the gateway, and nobody but the gateway the database.
        Assert.All(Texts(services["gateway"]["ports"]), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        Assert.Equal(["inside"], Texts(services["database"]["networks"]));
        Assert.Equal("true", (string)compose["networks"]["inside"]["internal"]!);
        Assert.True(File.Exists(DeployFiles.Of("compose", "gateway.yaml")));
    }

    [Fact]
    public void The_gateway_takes_the_configuration_of_the_compose_file()
    {
        var settings = SettingsReader.Load(DeployFiles.Of("compose", "gateway.yaml"), new Hashtable());

        Assert.True(settings.Production && settings.LogsJson && settings.InstanceRole);
        Assert.Equal(8090, settings.Server.Listen.Port);
    }

    [Fact]
    public void The_development_image_takes_what_is_there_runs_as_nobody_special_and_its_programs_are_told_how_to_be_made()
    {
        var instructions = Instructions(File.ReadAllText(DeployFiles.Of("development", "Containerfile")));
        var last = instructions.FindLastIndex(line => line.StartsWith("FROM ", StringComparison.Ordinal));
        // Nothing of the sources, the SDK or what it fetched is in the image that runs: programs, a check of health.
        Assert.Equal(
            ["COPY --chmod=0555 deploy/gateway/healthcheck /usr/lib/keymeld/", "COPY --from=programs --chown=root:root /out /usr/lib/keymeld"],
            instructions[last..].Where(line => line.StartsWith("COPY ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(["ARG SDK", "ARG BASE=debian:bookworm-slim", "FROM ${SDK} AS programs"], instructions[..3]);
        Assert.True(instructions.IndexOf("USER 10001:10001") > instructions.FindLastIndex(line => line.StartsWith("RUN ", StringComparison.Ordinal)));
        Assert.Equal(["CMD [\"up\"]", "ENTRYPOINT [\"keymeld\"]"], instructions.Where(line => line.StartsWith("CMD ", StringComparison.Ordinal) || line.StartsWith("ENTRYPOINT ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(instructions, line => line.StartsWith("ADD ", StringComparison.Ordinal) || line.Contains("curl", StringComparison.Ordinal));

        foreach (var file in (string[])["development/programs.sh", "gateway/healthcheck"])
        {
            Assert.True(File.GetUnixFileMode(DeployFiles.Of(file)).HasFlag(UnixFileMode.UserExecute), file);
            var (exit, output) = DeployFiles.Run("bash", ["-n", DeployFiles.Of(file)]);
            Assert.True(exit == 0, output);
        }
        var ignored = File.ReadAllLines(Path.Combine(DeployFiles.Root, "..", ".dockerignore"));
        Assert.All((string[])[".git", "artifacts", "data", "**/node_modules"], folder => Assert.Contains(folder, ignored));
    }

    [Fact]
    public void The_development_stack_can_do_little_starts_only_when_it_is_named_and_is_on_loopback_alone()
    {
        var compose = DeployFiles.Yaml(File.ReadAllText(DeployFiles.Of("development", "compose.yaml")));
        var common = (YamlMappingNode)compose["x-keymeld"];
        Assert.Equal("true", (string)common["read_only"]!);
        Assert.Equal(["ALL"], Texts(common["cap_drop"]));
        Assert.Contains("no-new-privileges:true", Texts(common["security_opt"]));
        Assert.Equal("10001:10001", (string)common["user"]!);
        Assert.True(File.Exists(Path.Combine(DeployFiles.Of("development"), (string)common["build"]["context"]!, (string)common["build"]["dockerfile"]!)));
        var services = ((YamlMappingNode)compose["services"]).Children;
        Assert.Equal(["demo", "stack"], services.Keys.Select(key => (string)key!).Order(StringComparer.Ordinal));
        foreach (var (name, service) in services)
        {
            var names = ((YamlMappingNode)service).Children.Keys.Select(key => (string)key!).ToList();
            Assert.Same(common, service["<<"]);
            Assert.Equal([(string)name!], Texts(service["profiles"]));
            Assert.All((string[])["ports", "privileged", "cap_add", "read_only", "security_opt"], word => Assert.DoesNotContain(word, names));
        }
        // The gateway of `keymeld up` listens on 127.0.0.1 only; the demo needs no network at all.
        Assert.Equal(("host", "none"), ((string)services["stack"]["network_mode"]!, (string)services["demo"]["network_mode"]!));
    }

    // Lines that end in a backslash go on.
    private static List<string> Instructions(string text) => [.. text.Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    private static IEnumerable<string> Texts(YamlNode list) => ((YamlSequenceNode)list).Select(item => (string)item!);
}
