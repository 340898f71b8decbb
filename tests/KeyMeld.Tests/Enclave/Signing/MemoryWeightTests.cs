using Google.Protobuf;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>The budget is only worth what its weights are: held against the heap of a process that does nothing else.</summary>
public sealed class MemoryWeightTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(1);

    [Fact]
    public async Task Open_attempts_and_kept_sessions_take_no_more_memory_than_the_budget_says()
    {
        if (await OwnProcess.RanAsync())
        {
            return;
        }
        const int Items = 10_000;
        const int NativeNonce = 136;
        var group = new TestGroup(_enclaves, [new(0, approval: false), new(0, approval: false)], new GroupShape { Unattended = true });
        // Twice: what is allocated once and kept for all (buffers, native arenas, code) is not what a request takes.
        await MeasureAsync(group, 100);
        var (held, reserved, kept, keptReserved) = await MeasureAsync(group, Items);
        Assert.InRange(held + (2 * Items * NativeNonce), Items * 500, reserved);
        Assert.InRange(kept, Items * 200, keptReserved);
    }

    [Fact]
    public async Task Adaptors_with_sixteen_points_each_take_no_more_memory_than_the_budget_says()
    {
        if (await OwnProcess.RanAsync())
        {
            return;
        }
        const int Items = 600;
        const int NativeNonce = 136;
        var group = new TestGroup(_enclaves, [new(0, approval: false), new(0, approval: false)], new GroupShape { Unattended = true });
        SecretKey[] secrets = [.. Enumerable.Range(0, Limits.MaxPoints).Select(_ => SecretKey.Generate())];
        PublicKey[] points = [.. secrets.Select(secret => secret.PublicKey)];
        var (signing, sum) = (Id16.Random(), PublicKey.Combine(points));
        SigningItem[] items = [.. TestRequest.Messages(Items).Select(item => item with
        {
            Adaptor = sum,
            Points = [.. secrets.Select((secret, i) => new AdaptorPoint(points[i], secret.SignSchnorr(AdaptorProof.Digest(group.RosterHash, signing, item.Item, i, points).Bytes)))],
        })];
        await MeasureAsync(group, 100);
        var (held, reserved, kept, keptReserved) = await MeasureAsync(group, items, signing);
        Assert.InRange(held + (2 * Items * NativeNonce), Items * 2_000, reserved);
        Assert.InRange(kept, Items * 2_000, keptReserved);
    }

    [Fact]
    public async Task Requests_that_are_only_remembered_take_no_more_memory_than_the_budget_says()
    {
        if (await OwnProcess.RanAsync())
        {
            return;
        }
        const int Requests = 2_000;
        var enclave = _enclaves[0];
        var group = new TestGroup(_enclaves, [new(0, approval: false), new(0, approval: false)], new GroupShape { Unattended = true });
        async Task SignAndForgetAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var driver = new Driver(new TestRequest(group, TestRequest.Messages(1)), enclave) { Approvals = [] };
                await driver.SignAllAsync(await driver.OpenAllAsync());
                await enclave.Signing.ForgetAsync(new Wire.V1.UntrustedForget { Request = ByteString.CopyFrom(driver.Request.Digest.Bytes) }, TestContext.Current.CancellationToken);
            }
        }
        await SignAndForgetAsync(10);
        var (heap, used) = (GC.GetTotalMemory(true), enclave.Memory.Used);
        await SignAndForgetAsync(Requests);
        Assert.InRange(GC.GetTotalMemory(true) - heap, Requests * 200, enclave.Memory.Used - used);
        Assert.Equal(Requests + 10, enclave.Signing.Remembered);
    }

    [Fact]
    public async Task Loaded_groups_take_no_more_memory_than_the_budget_says()
    {
        if (await OwnProcess.RanAsync())
        {
            return;
        }
        const int Groups = 40;
        const int NativeKeys = 10 * (32 + 96) + 32;
        var tree = (ScriptTree)new ScriptTree.Leaf(0xc0, new byte[] { 1 });
        for (var depth = 0; depth < 60; depth++)
        {
            tree = new ScriptTree.Branch(tree, new ScriptTree.Leaf(0xc0, new byte[] { (byte)depth }));
        }
        var subsets = Enumerable.Range(0, 20).Select(index => new Subset(Id16.Random(), [index % 5, 5 + (index % 5)])).ToArray();
        var shape = new GroupShape { Subsets = subsets, Tweaks = new TweakChain([new Tweak.Taproot(tree)]), Unattended = true };
        var bundles = Enumerable.Range(0, Groups + 1).Select(_ => new TestGroup(_enclaves, [.. Enumerable.Range(0, 10).Select(_ => new TestMember(0))], shape).Bundle(0)).ToArray();
        await _enclaves[0].GroupDesk.LoadGroupAsync(bundles[Groups], TestContext.Current.CancellationToken);
        var (heap, used) = (GC.GetTotalMemory(true), _enclaves[0].Memory.Used);
        for (var i = 0; i < Groups; i++)
        {
            await _enclaves[0].GroupDesk.LoadGroupAsync(bundles[i], TestContext.Current.CancellationToken);
        }
        Assert.InRange(GC.GetTotalMemory(true) - heap + (Groups * NativeKeys), Groups * 10_000, _enclaves[0].Memory.Used - used);
        GC.KeepAlive(bundles);
    }

    [Fact]
    public async Task Script_trees_of_items_take_no_more_memory_than_the_budget_says()
    {
        if (await OwnProcess.RanAsync())
        {
            return;
        }
        const int Chains = 256;
        var group = new TestGroup(_enclaves, [new(0, approval: false), new(0, approval: false)], new GroupShape { Unattended = true });
        // Many small leaves are what takes the most memory for its encoding; every chain comes four times, and is kept once.
        var chains = Enumerable.Range(0, Chains).Select(chain => new TweakChain([new Tweak.Taproot(Wide(8, chain))])).ToArray();
        SigningItem[] items = [.. Enumerable.Range(0, 4 * Chains).Select(index => TestRequest.Item(tweaks: chains[index % Chains]))];
        await MeasureAsync(group, TestRequest.Messages(100));
        var (held, reserved, kept, keptReserved) = await MeasureAsync(group, items);
        Assert.InRange(held, Chains * 256 * 100, reserved);
        Assert.InRange(kept, Chains * 256 * 100, keptReserved);
    }

    // 2^depth leaves of two bytes.
    private static ScriptTree Wide(int depth, int seed) => depth == 0
        ? new ScriptTree.Leaf(0xc0, new[] { (byte)(seed & 0xff), (byte)((seed >> 8) & 0xff) })
        : new ScriptTree.Branch(Wide(depth - 1, (seed * 2) + 1), Wide(depth - 1, (seed * 2) + 2));

    private Task<(long Held, long Reserved, long Kept, long KeptReserved)> MeasureAsync(TestGroup group, int items) => MeasureAsync(group, TestRequest.Messages(items));

    private async Task<(long Held, long Reserved, long Kept, long KeptReserved)> MeasureAsync(TestGroup group, SigningItem[] items, Id16? signing = null)
    {
        var enclave = _enclaves[0];
        var driver = new Driver(new TestRequest(group, items, signing: signing), enclave) { Approvals = [] };
        var open = driver.OpenCall(0);
        await enclave.GroupDesk.LoadGroupAsync(group.Bundle(0), TestContext.Current.CancellationToken);
        var (heap, used) = (GC.GetTotalMemory(true), enclave.Memory.Used);

        var round1 = await enclave.Signing.OpenAsync(open, TestContext.Current.CancellationToken);
        var (held, reserved) = (GC.GetTotalMemory(true) - heap, enclave.Memory.Used - used);

        var round2 = await enclave.Signing.SignAsync(driver.SignCall(0, [round1]), TestContext.Current.CancellationToken);
        var (kept, keptReserved) = (GC.GetTotalMemory(true) - heap, enclave.Memory.Used - used);
        GC.KeepAlive((open, round1, round2));
        return (held, reserved, kept, keptReserved);
    }
}
