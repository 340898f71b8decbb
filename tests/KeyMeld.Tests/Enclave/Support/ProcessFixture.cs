using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>One machine whose enclaves are processes of the built program, for all tests of a class.</summary>
public sealed class ProcessFixture : IAsyncLifetime
{
    private SealedKeyRow? _row;

    internal TestMachine Machine { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Machine = await TestMachine.StartAsync(program: EnclavePrograms.Enclave);

    public ValueTask DisposeAsync() => Machine.DisposeAsync();

    /// <summary>The sealed first key of enclave 0, made honestly by a process that is gone.</summary>
    public async Task<SealedKeyRow> RowAsync()
    {
        if (_row is null)
        {
            await using var maker = await Machine.StartProcessAsync();
            _row = await maker.BeginAsync();
        }
        return _row.Clone();
    }

    internal IDisposable Between(Func<KmsExchange, KmsAnswer?> change) => Machine.Between(exchange => Task.FromResult(change(exchange)));
}
