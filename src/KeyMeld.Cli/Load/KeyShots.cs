using System.Security.Cryptography;
using KeyMeld.Client;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Load;

/// <summary>Signatures with keys of one owner, each verified by the SDK.</summary>
/// <param name="client">The owner's.</param>
/// <param name="keys">Which sign, in turn.</param>
/// <param name="batch">How many signings of each key are made together; its enclave is verified once for all of them.</param>
/// <param name="lifetime">Of the requests.</param>
internal sealed class KeyShots(KeyMeldClient client, IReadOnlyList<OwnedKey> keys, int batch, TimeSpan lifetime)
{
    private long _counter;

    public async Task<IReadOnlyList<LoadShot>> PrepareAsync(CancellationToken cancellationToken)
    {
        var prepared = new IReadOnlyList<PreparedKeySigning>[keys.Count];
        for (var key = 0; key < keys.Count; key++)
        {
            var messages = Enumerable.Range(0, batch).Select(_ => (ReadOnlyMemory<byte>)SHA256.HashData(BitConverter.GetBytes(Interlocked.Increment(ref _counter)))).ToList();
            prepared[key] = await client.Keys.PrepareManyAsync(keys[key], messages, SingleSignAlgorithm.Bip340, new SingleTweak.Bip86(), lifetime, cancellationToken);
        }
        return [.. Enumerable.Range(0, batch).SelectMany(index => prepared.Select(requests => ShotOf(requests[index])))];
    }

    private LoadShot ShotOf(PreparedKeySigning prepared) => new(1, async (patience, cancellationToken) =>
    {
        using (prepared)
        {
            await client.Keys.SubmitAsync(prepared, patience, cancellationToken);
        }
    });
}
