using System.Globalization;
using System.Text.RegularExpressions;

namespace KeyMeld.Tests.Deploy;

/// <summary>The units as systemd itself reads them.</summary>
public partial class SystemdTests
{
    private static readonly string[] Hardened =
    [
        "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectKernelLogs=yes",
        "ProtectControlGroups=yes", "ProtectClock=yes", "RestrictNamespaces=yes", "RestrictSUIDSGID=yes", "LockPersonality=yes", "MemoryDenyWriteExecute=yes", "SystemCallArchitectures=native", "LimitCORE=0", "UMask=0077",
    ];

    public static TheoryData<string> Units => [.. Directory.EnumerateFiles(DeployFiles.Of("systemd"), "*.service").Select(file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Units))]
    public void Systemd_accepts_the_unit_without_a_word(string unit)
    {
        var root = Directory.CreateTempSubdirectory("km-systemd-");
        try
        {
            var units = root.CreateSubdirectory("etc/systemd/system").FullName;
            var programs = root.CreateSubdirectory("usr/lib/keymeld").FullName;
            foreach (var file in Directory.EnumerateFiles(DeployFiles.Of("systemd"), "*.service"))
            {
                File.Copy(file, Path.Combine(units, Path.GetFileName(file)));
            }
            foreach (var program in (string[])["KeyMeld.Gateway", "enclave-supervisor"])
            {
                File.WriteAllText(Path.Combine(programs, program), "#!/bin/sh\n");
                File.SetUnixFileMode(Path.Combine(programs, program), UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }
            // What AWS's package and the system bring.
            File.WriteAllText(Path.Combine(units, "nitro-enclaves-allocator.service"), "[Unit]\nDescription=stands in\n[Service]\nExecStart=/usr/lib/keymeld/KeyMeld.Gateway\n");
            foreach (var target in (string[])["basic", "sysinit", "shutdown", "multi-user", "network-online", "local-fs", "sockets", "paths", "timers"])
            {
                File.WriteAllText(Path.Combine(units, target + ".target"), "[Unit]\nDescription=stands in\n");
            }

            var (exit, output) = DeployFiles.Run("systemd-analyze", ["verify", "--man=no", "--generators=no", $"--root={root.FullName}", "/etc/systemd/system/" + unit.Replace("@", "@16", StringComparison.Ordinal)]);

            Assert.Equal((0, ""), (exit, output));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void The_unit_gives_its_program_little(string unit)
    {
        var lines = File.ReadAllLines(DeployFiles.Of("systemd", unit));
        Assert.All(Hardened, setting => Assert.Contains(setting, lines));
        Assert.Contains(lines, line => line.StartsWith("User=", StringComparison.Ordinal) && line != "User=root" || line == "DynamicUser=yes");

        var (exit, output) = DeployFiles.Run("systemd-analyze", ["security", "--no-pager", "--offline=true", DeployFiles.Of("systemd", unit)]);

        Assert.Equal(0, exit);
        Assert.InRange(double.Parse(Exposure().Match(output).Groups[1].ValueSpan, CultureInfo.InvariantCulture), 0, 2.0);
    }

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+) OK")]
    private static partial Regex Exposure();
}
