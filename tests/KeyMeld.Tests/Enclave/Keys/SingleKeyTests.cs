using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Keys;

public sealed class SingleKeyTests : IDisposable
{
    private static readonly Hash32 Message = Hash32.Sha256("message"u8);
    private readonly HostedEnclave _enclave = new();

    public void Dispose() => _enclave.Dispose();

    [Theory]
    [InlineData(KeySource.Imported)]
    [InlineData(KeySource.Made)]
    public async Task A_key_signs_every_way_and_again_after_a_restart(KeySource source)
    {
        var owner = new TestOwner(_enclave.Entry, source);
        var answer = await owner.AddAsync(_enclave);
        Assert.Null(answer.Proof);
        Assert.Equal(source == KeySource.Made ? Hash32.Sha256(owner.Stored.Span).ToArray() : null, answer.Sealed);
        Assert.Equal(source == KeySource.Imported, answer.Key.Equals(owner.Key.PublicKey));
        TestSign[] requests =
        [
            owner.Request(Message),
            owner.Request(Message, new SingleTweak.Bip86()),
            owner.Request(Message, new SingleTweak.Root(Hash32.Sha256("scripts"u8))),
            owner.Request(Message, algorithm: SingleSignAlgorithm.Ecdsa),
        ];
        using var restarted = _enclave.Again();
        foreach (var request in requests)
        {
            request.Accept(await _enclave.Keys.SignAsync(request.Call()));
            request.Accept(await restarted.Keys.SignAsync(request.Call()));
        }
        Assert.Equal(1, restarted.Keys.Remembered);
    }

    [Fact]
    public async Task A_repeated_statement_is_answered_again_for_the_same_message()
    {
        var owner = new TestOwner(_enclave.Entry);
        await owner.AddAsync(_enclave);
        var ecdsa = owner.Request(Message, algorithm: SingleSignAlgorithm.Ecdsa);
        // RFC 6979: even the signature is the same.
        Assert.Equal(ecdsa.Accept(await _enclave.Keys.SignAsync(ecdsa.Call())), ecdsa.Accept(await _enclave.Keys.SignAsync(ecdsa.Call())));
        var schnorr = owner.Request(Message);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => _enclave.Keys.SignAsync(schnorr.Call()), TestContext.Current.CancellationToken)));
        Assert.All(answers, answer => schnorr.Accept(answer));
    }

    [Fact]
    public async Task Two_made_keys_are_two_keys_even_for_one_statement()
    {
        var owner = new TestOwner(_enclave.Entry, KeySource.Made);
        var first = await owner.AddAsync(_enclave);
        var second = await owner.AddAsync(_enclave);
        Assert.NotEqual(first.Key, second.Key);
    }

    [Fact]
    public async Task A_new_key_needs_the_newest_epoch_and_an_old_key_signs_under_its_own()
    {
        var owner = new TestOwner(_enclave.Entry, KeySource.Made);
        await owner.AddAsync(_enclave);
        using var rotated = new HostedEnclave(0, _enclave.Clock, HostedEnclave.DefaultMemory, _enclave.Identity, HostedEnclave.NewIdentity(2));
        var request = owner.Request(Message);
        request.Accept(await rotated.Keys.SignAsync(request.Call()));
        await Refused.WithAsync(ErrorCodes.EpochRetired, () => rotated.Keys.AddAsync(new TestOwner(_enclave.Entry).Post()));
        await new TestOwner(rotated.Entry).AddAsync(rotated);
    }

    [Fact]
    public async Task A_member_key_becomes_a_single_key_by_its_owners_statement()
    {
        var member = new TestMember(0);
        var group = new TestGroup([_enclave], [member, new(0)]);
        await _enclave.GroupDesk.LoadGroupAsync(group.Bundle(0), TestContext.Current.CancellationToken);
        var owner = new TestOwner(_enclave.Entry) { Key = member.Key };
        Assert.Equal(member.Key.PublicKey, (await owner.AddAsync(_enclave)).Key);
        var request = owner.Request(Message);
        request.Accept(await _enclave.Keys.SignAsync(request.Call()));
    }

    [Fact]
    public async Task Parts_that_are_missing_or_of_the_wrong_size_are_a_bad_request()
    {
        var owner = new TestOwner(_enclave.Entry);
        await owner.AddAsync(_enclave);
        var request = owner.Request(Message);
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _enclave.Keys.AddAsync(new()));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _enclave.Keys.SignAsync(new()));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _enclave.Keys.SignAsync(request.Call().With(call => call.Request = null)));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _enclave.Keys.MakeMemberKeyAsync(new()));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _enclave.Keys.ForgetAsync(new()));
        await Refused.WithAsync(ErrorCodes.StatementInvalid, () => _enclave.Keys.SignAsync(request.Call().With(call => call.Request.Signatures.Clear())));
        request.Accept(await _enclave.Keys.SignAsync(request.Call()));
    }

    [Fact]
    public async Task ECDSA_takes_no_tweak()
    {
        var owner = new TestOwner(_enclave.Entry);
        await owner.AddAsync(_enclave);
        var request = owner.Request(Message, new SingleTweak.Bip86(), SingleSignAlgorithm.Ecdsa);
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => _enclave.Keys.SignAsync(request.Call()));
    }

    [Fact]
    public async Task Keys_in_memory_are_few_and_give_way_to_groups()
    {
        using var small = new HostedEnclave(memory: 16 * 1024);
        var owners = Enumerable.Range(0, 8).Select(_ => new TestOwner(small.Entry)).ToList();
        foreach (var owner in owners)
        {
            await owner.AddAsync(small);
            var request = owner.Request(Message);
            request.Accept(await small.Keys.SignAsync(request.Call()));
        }
        Assert.Equal(4, small.Keys.Remembered);
        small.Memory.Reserve(12 * 1024).Dispose();
        Assert.Equal(1, small.Keys.Remembered);
        // Those that gave way sign as before.
        var again = owners[0].Request(Message);
        again.Accept(await small.Keys.SignAsync(again.Call()));
    }

    [Fact]
    public async Task A_forgotten_key_is_out_of_memory_and_its_bytes_are_given_back()
    {
        var owner = new TestOwner(_enclave.Entry);
        await owner.AddAsync(_enclave);
        Assert.Equal((0, 0L), (_enclave.Keys.Remembered, _enclave.Memory.Used));
        await _enclave.Keys.SignAsync(owner.Request(Message).Call());
        Assert.Equal(1, _enclave.Keys.Remembered);
        await _enclave.Keys.ForgetAsync(new() { Key = owner.Statement.Hash.ToWire() });
        Assert.Equal((0, 0L), (_enclave.Keys.Remembered, _enclave.Memory.Used));
        await _enclave.Keys.ForgetAsync(new() { Key = owner.Statement.Hash.ToWire() });
    }

    [Fact]
    public async Task Signing_and_forgetting_at_once_ends_in_signatures_only()
    {
        var owner = new TestOwner(_enclave.Entry);
        await owner.AddAsync(_enclave);
        var request = owner.Request(Message, new SingleTweak.Bip86());
        var cancel = TestContext.Current.CancellationToken;
        var signing = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                request.Accept(await _enclave.Keys.SignAsync(request.Call()));
            }
        }, cancel)).ToList();
        var forgetting = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await _enclave.Keys.ForgetAsync(new() { Key = owner.Statement.Hash.ToWire() });
            }
        }, cancel);
        await Task.WhenAll([.. signing, forgetting]);
    }
}
