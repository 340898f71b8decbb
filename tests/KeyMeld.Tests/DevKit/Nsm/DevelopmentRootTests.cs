using System.Security.Cryptography;

namespace KeyMeld.Tests.DevKit.Nsm;

/// <summary>The root is made once. Whatever is wrong with its files is told, and nothing replaces what clients have pinned.</summary>
public class DevelopmentRootTests
{
    [Theory]
    [InlineData("root.key")]
    [InlineData("root.pem")]
    public async Task A_missing_half_is_reported_and_not_made_anew(string missing)
    {
        await using var machine = new SimulatedMachine();
        await RunOnceAsync(machine);
        File.Delete(Path.Combine(machine.Folder, "nsm", missing));
        await RefusedAsync(machine, "only one is there");
        Assert.False(File.Exists(Path.Combine(machine.Folder, "nsm", missing)));
    }

    [Theory]
    [InlineData("root.key")]
    [InlineData("root.pem")]
    public async Task A_damaged_file_is_reported(string name)
    {
        await using var machine = new SimulatedMachine();
        await RunOnceAsync(machine);
        await File.WriteAllTextAsync(Path.Combine(machine.Folder, "nsm", name), "damaged", TestContext.Current.CancellationToken);
        await RefusedAsync(machine, "cannot be read");
    }

    [Fact]
    public async Task Another_key_than_the_certificates_is_reported()
    {
        await using var machine = new SimulatedMachine();
        await RunOnceAsync(machine);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        await File.WriteAllBytesAsync(Path.Combine(machine.Folder, "nsm", "root.key"), other.ExportPkcs8PrivateKey(), TestContext.Current.CancellationToken);
        await RefusedAsync(machine, "is not the key of");
    }

    [Fact]
    public async Task A_key_others_may_read_is_reported()
    {
        await using var machine = new SimulatedMachine();
        await RunOnceAsync(machine);
        File.SetUnixFileMode(Path.Combine(machine.Folder, "nsm", "root.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        await RefusedAsync(machine, "chmod 600");
    }

    private static async Task RunOnceAsync(SimulatedMachine machine) => await (await machine.StartAsync()).DisposeAsync();

    private static async Task RefusedAsync(SimulatedMachine machine, string why)
    {
        Assert.Contains(why, (await Assert.ThrowsAsync<IOException>(() => machine.StartAsync())).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(machine.SocketPath));
    }
}
