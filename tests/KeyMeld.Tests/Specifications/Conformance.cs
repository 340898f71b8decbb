using CsCheck;

namespace KeyMeld.Tests.Specifications;

internal static class Conformance
{
    /// <summary>Drives something that answers asynchronously along every transition of a specification, one after the other; a step answers null where it agrees with the model.</summary>
    public static SpecReport<TModel> Drive<TModel, TReal>(this Spec<TModel> spec, Func<TReal> create, Func<TReal, Transition<TModel>, Task<string?>> step, int threads = 1) =>
        spec.ConformExhaustive(create, (real, transition) => Task.Run(() => step(real, transition)).GetAwaiter().GetResult(), Log, threads: threads);

    public static void Log(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
