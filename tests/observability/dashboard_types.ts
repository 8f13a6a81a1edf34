// What a dashboard has to be, by Grafana's own schema; the test puts each dashboard behind it as a literal.
import type { Dashboard, GraphFieldConfig, Panel, RowPanel } from '@grafana/schema';
import type { Options as HeatmapOptions } from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';

// In JSON an enumeration is its value, and minus infinity (a threshold's first step) is null.
type Json<T> = unknown extends T
  ? T
  : T extends string
    ? `${T}`
    : T extends object
      ? { [Key in keyof T]: Key extends 'value' ? Json<T[Key]> | null : Json<T[Key]> }
      : T;

// The schema of Prometheus' queries is not part of the package: these are the fields that ours have.
interface PrometheusTarget {
  refId: string;
  expr: string;
  legendFormat: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  range: boolean;
  datasource: { type: 'prometheus'; uid: string };
}

interface PanelOf<Type extends string, Options, Custom> extends Omit<Json<Panel>, 'type' | 'options' | 'targets' | 'fieldConfig'> {
  type: Type;
  options?: Partial<Json<Options>>;
  targets: PrometheusTarget[];
  fieldConfig: {
    defaults: Omit<Json<NonNullable<Panel['fieldConfig']>['defaults']>, 'custom'> & { custom?: Custom };
    overrides: [];
  };
}

type KnownPanel =
  | PanelOf<'stat', StatOptions, never>
  | PanelOf<'timeseries', TimeSeriesOptions, Json<GraphFieldConfig>>
  | PanelOf<'heatmap', HeatmapOptions, never>
  | PanelOf<'table', TableOptions, never>
  | Json<RowPanel>;

// What Grafana's Prometheus plugin adds to an annotation.
type Annotation = Json<NonNullable<NonNullable<Dashboard['annotations']>['list']>[number]> & {
  expr: string;
  step: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
};

export interface CheckedDashboard extends Omit<Json<Dashboard>, 'panels' | 'annotations'> {
  panels: KnownPanel[];
  annotations: { list: Annotation[] };
}
